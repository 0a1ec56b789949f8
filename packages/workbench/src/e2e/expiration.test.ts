// A node that reaches its age, from the first pod to the same pods on a new node.

import "reflect-metadata";
import { NodeClaims, NodePools, type KubeObject, type NodePool } from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, expect, it } from "vitest";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

let world: World;
let life: ControllerLife;

afterEach(async () => {
  await life.stop();
  await world.close();
});

function mortal(object: KubeObject): KubeObject {
  if (object.kind !== NodePools.kind) return object;
  const { spec } = object as NodePool;
  const template = { ...spec.template, spec: { ...spec.template.spec, expireAfter: "30m" } };
  return { ...object, spec: { ...spec, template } } as NodePool;
}

it("E-45, E-46: one node takes the place of one that expires, and all pods run again", async () => {
  const logger = new MemoryLogger();
  const cloud = simulatedCloud();
  world = await World.open({ speed: "fast", logger, cloud });
  const objects = chooseObjects(world.cloud, cloud.customResources, []).map(mortal);
  await world.cluster.apply([...world.cloud.preparation, ...objects]);
  life = world.startControllers();
  const machines = async (): Promise<readonly string[]> =>
    (await world.cluster.kube.list(NodeClaims)).items.map(({ status }) => status?.providerID ?? "");
  const running = async (): Promise<boolean> => {
    const pods = await world.cluster.pods();
    return pods.length === 5 && pods.every(({ status }) => status?.phase === "Running");
  };
  expect(await world.clock.until(running, { timeout: minutes(10) })).toBe(true);
  const before = await machines();
  expect(before).toHaveLength(1);
  const isReplaced = async (): Promise<boolean> => {
    const now = await machines();
    return now.length === 1 && now[0] !== before[0] && (await running());
  };
  expect(await world.clock.until(isReplaced, { timeout: minutes(40) })).toBe(true);
  expect(world.cloud.machinesEver()).toBe(2);
  expect(await world.cloud.complaints()).toEqual([]);
  expect(logger.messages("error")).toEqual([]);
});
