// A NodePool of the older documents names the zones gra7-a, gra7-b and gra7-c in a region whose nodes carry nova.

import "reflect-metadata";
import { Label, NodeClaims, NodePools, Nodes, type KubeObject, type NodePool } from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

let world: World;
let life: ControllerLife;
afterEach(async () => {
  await life.stop();
  await world.close();
});

function ofTheOldDocuments(object: KubeObject): KubeObject {
  if (object.kind === NodePools.kind) {
    const { spec } = object as NodePool;
    const kept = spec.template.spec.requirements.filter(({ key }) => key !== Label.Zone);
    const zones = { key: Label.Zone, operator: "In" as const, values: ["gra7-a", "gra7-b", "gra7-c"] };
    const template = { ...spec.template, spec: { ...spec.template.spec, requirements: [...kept, zones] } };
    return { ...object, spec: { ...spec, template } } as NodePool;
  }
  if (object.kind !== "OVHNodeClass") return object;
  const { spec } = object as KubeObject & { readonly spec: Readonly<Record<string, unknown>> };
  return { ...object, spec: { ...spec, region: "GRA7" } } as KubeObject;
}

it("T-06, S-20: pods get machines, which neither drift nor are doubted afterwards", async () => {
  const cloud = ovhCloud({ region: "GRA7" });
  world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
  const objects = chooseObjects(world.cloud, cloud.customResources, []).map(ofTheOldDocuments);
  await world.cluster.apply([...world.cloud.preparation, ...objects]);
  life = world.startControllers();
  const running = async (): Promise<boolean> => {
    const pods = await world.cluster.pods({ namespace: "default" });
    return pods.length > 0 && pods.every(({ status }) => status?.phase === "Running");
  };
  expect(await world.clock.until(running, { timeout: minutes(30) })).toBe(true);
  const machines = world.cloud.machinesEver();
  await world.clock.advance(minutes(40));
  const { kube } = world.cluster;
  const [claims, nodes] = [(await kube.list(NodeClaims)).items, (await kube.list(Nodes)).items];
  expect(new Set(nodes.map(({ metadata }) => metadata.labels?.[Label.Zone]))).toEqual(new Set(["nova"]));
  expect(claims.flatMap(({ status }) => status?.conditions ?? []).filter(({ type }) => type === "Drifted")).toEqual([]);
  expect([claims.length, world.cloud.machinesEver()]).toEqual([nodes.length, machines]);
});
