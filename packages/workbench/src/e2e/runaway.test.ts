// Somebody taints every node as soon as it appears, so that the pod it was bought for can never run: no machine after machine because of it.

import "reflect-metadata";
import {
  NodePools,
  Nodes,
  type Deployment,
  type KubeObject,
  type Node,
  type NodePool,
} from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

/** Upstream's own bound. */
const MOST = 35;
const FOREIGN = { key: "example.com/broken", value: "true", effect: "NoExecute" } as const;

let world: World;
let life: ControllerLife;
let off: AbortController;

afterEach(async () => {
  off.abort();
  await life.stop();
  await world.close();
});

function onePod(object: KubeObject, consolidationPolicy: "WhenEmpty" | "WhenEmptyOrUnderutilized"): KubeObject {
  if (object.kind === "Deployment") {
    const { spec } = object as Deployment;
    return { ...object, spec: { ...spec, replicas: 1 } } as Deployment;
  }
  if (object.kind !== NodePools.kind) return object;
  const { spec } = object as NodePool;
  const disruption = { ...spec.disruption, consolidationPolicy, consolidateAfter: "0s" };
  return { ...object, spec: { ...spec, disruption } } as NodePool;
}

/** A controller of somebody else's, which is sure of itself. */
async function taintEveryNode(signal: AbortSignal): Promise<void> {
  const { kube } = world.cluster;
  for await (const event of kube.watch(Nodes, { resourceVersion: "0", signal })) {
    if (event.type !== "ADDED" && event.type !== "MODIFIED") continue;
    const { metadata, spec }: Node = event.object;
    const taints = spec?.taints ?? [];
    if (metadata.deletionTimestamp || taints.some(({ key }) => key === FOREIGN.key)) continue;
    const body = { spec: { taints: [...taints, FOREIGN] } };
    await kube.patch(Nodes, { name: metadata.name ?? "" }, { type: "merge", body }).catch(() => undefined);
  }
}

describe("a foreign controller that taints every new node", () => {
  it.each([
    ["E-61", "WhenEmptyOrUnderutilized"],
    ["E-62", "WhenEmpty"],
  ] as const)("%s: does not make machines run away with the policy %s", async (_, policy) => {
    const cloud = simulatedCloud();
    world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
    off = new AbortController();
    const watching = taintEveryNode(off.signal);
    const objects = chooseObjects(world.cloud, cloud.customResources, []);
    await world.cluster.apply([...world.cloud.preparation, ...objects.map((object) => onePod(object, policy))]);
    life = world.startControllers();
    let most = 0;
    for (let minute = 0; minute < 15; minute++) {
      await world.clock.advance(minutes(1));
      most = Math.max(most, (await world.cluster.nodes()).length);
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(MOST);
    expect(world.cloud.machinesEver()).toBeLessThan(MOST);
    expect(await world.cloud.complaints()).toEqual([]);
    off.abort();
    await watching;
  });
});
