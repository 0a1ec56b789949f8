// The demonstration of zones: six replicas that keep apart by zone, on an OVHcloud cluster of three zones.

import "reflect-metadata";
import {
  Label,
  NodePools,
  Nodes,
  type Deployment,
  type KubeObject,
  type NodePool,
} from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import type { FakeOvh } from "@karpenter-multicloud/provider-ovh/testing";
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

const ZONES = ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"];

function spread(object: KubeObject): KubeObject {
  if (object.kind === NodePools.kind) {
    const { spec } = object as NodePool;
    const isIn = (key: string, values: readonly string[]) => ({ key, operator: "In" as const, values });
    const requirements = [isIn(Label.Zone, ZONES), isIn(Label.InstanceType, ["b3-8", "b3-16"])];
    const template = { ...spec.template, spec: { ...spec.template.spec, requirements } };
    return { ...object, spec: { ...spec, template } } as NodePool;
  }
  if (object.kind !== "Deployment") return object;
  const { spec } = object as Deployment;
  const labels = { app: "zone-spread" };
  const constraint = {
    maxSkew: 1,
    topologyKey: Label.Zone,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: labels },
  };
  const containers = spec.template.spec.containers.map((each) => ({
    ...each,
    resources: { requests: { cpu: "1", memory: "1Gi" } },
  }));
  return {
    ...object,
    spec: {
      ...spec,
      replicas: 6,
      selector: { matchLabels: labels },
      template: {
        ...spec.template,
        metadata: { ...spec.template.metadata, labels },
        spec: { ...spec.template.spec, containers, topologySpreadConstraints: [constraint] },
      },
    },
  } as Deployment;
}

it("T-74, S-39: two of six replicas run in each zone, from three pools of one zone each", async () => {
  const seen: FakeOvh[] = [];
  const cloud = ovhCloud({}, (fake) => void seen.push(fake));
  world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
  const objects = chooseObjects(world.cloud, cloud.customResources, []).map(spread);
  await world.cluster.apply([...world.cloud.preparation, ...objects]);
  life = world.startControllers();
  const running = async (): Promise<boolean> => {
    const pods = await world.cluster.pods({ namespace: "default" });
    return pods.length === 6 && pods.every(({ status }) => status?.phase === "Running");
  };
  expect(await world.clock.until(running, { timeout: minutes(30) })).toBe(true);
  const zoneOf = new Map(
    (await world.cluster.kube.list(Nodes)).items.map(({ metadata }) => [metadata.name, metadata.labels?.[Label.Zone]]),
  );
  const pods = await world.cluster.pods({ namespace: "default" });
  const counts = Map.groupBy(pods, ({ spec: { nodeName = "" } }) => zoneOf.get(nodeName));
  expect(ZONES.map((zone) => counts.get(zone)?.length)).toEqual([2, 2, 2]);
  const pools = seen[0]?.state().pools ?? [];
  expect(pools.map((pool) => pool["availabilityZones"]).toSorted()).toEqual(ZONES.map((zone) => [zone]));
});
