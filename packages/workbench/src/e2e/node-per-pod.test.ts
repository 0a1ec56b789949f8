// Two rows of Karpenter's own end-to-end list on a simulated cloud: pods that fill a machine, and annotations of the template.

import "reflect-metadata";
import {
  NodeClaims,
  NodePools,
  Nodes,
  type Deployment,
  type KubeObject,
  type NodePool,
} from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, beforeEach, expect, it } from "vitest";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

let world: World;
let life: ControllerLife;

beforeEach(async () => {
  const cloud = simulatedCloud();
  world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
  const objects = chooseObjects(world.cloud, cloud.customResources, []).map(adjusted);
  await world.cluster.apply([...world.cloud.preparation, ...objects]);
  life = world.startControllers();
});
afterEach(async () => {
  await life.stop();
  await world.close();
});

/** Machines of up to 8 CPUs with a mark, and pods that need 5 of them. */
function adjusted(object: KubeObject): KubeObject {
  if (object.kind === NodePools.kind) {
    const { spec } = object as NodePool;
    const cpu = { key: "karpenter.kwok.sh/instance-cpu", operator: "Lt" as const, values: ["9"] };
    const requirements = [...spec.template.spec.requirements, cpu];
    const metadata = { ...spec.template.metadata, annotations: { "example.com/owner": "team-a" } };
    return {
      ...object,
      spec: { ...spec, template: { metadata, spec: { ...spec.template.spec, requirements } } },
    } as NodePool;
  }
  if (object.kind !== "Deployment") return object;
  const { spec } = object as Deployment;
  const containers = spec.template.spec.containers.map((each) => ({ ...each, resources: { requests: { cpu: "5" } } }));
  return {
    ...object,
    spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } },
  } as Deployment;
}

it("E-5, E-117: pods that fill a machine each get one of their own, with the annotations of the template", async () => {
  const running = async (): Promise<boolean> => {
    const pods = await world.cluster.pods({ namespace: "default" });
    return pods.length === 5 && pods.every(({ status }) => status?.phase === "Running");
  };
  expect(await world.clock.until(running, { timeout: minutes(20) })).toBe(true);
  const { kube } = world.cluster;
  const [claims, nodes] = [(await kube.list(NodeClaims)).items, (await kube.list(Nodes)).items];
  expect([claims.length, nodes.length, world.cloud.machinesEver()]).toEqual([5, 5, 5]);
  const pods = await world.cluster.pods({ namespace: "default" });
  expect(new Set(pods.map(({ spec }) => spec.nodeName)).size).toBe(5);
  for (const { metadata } of [...claims, ...nodes]) {
    expect(metadata.annotations).toMatchObject({ "example.com/owner": "team-a" });
  }
});
