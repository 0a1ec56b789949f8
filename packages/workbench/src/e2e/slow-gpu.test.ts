// A GPU machine that OVHcloud takes more than an hour to deliver is waited for; any other one would be replaced long before.

import "reflect-metadata";
import { Label, NodeClaims, NodePools, type KubeObject, type NodePool } from "@karpenter-multicloud/core/api";
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

/** Machines join after 70 minutes. */
const SLOW = { listed: 3_000, instance: 30_000, nodeJoins: minutes(70), nodeReady: minutes(71), ready: minutes(72) };

async function started(flavor: string): Promise<void> {
  const cloud = ovhCloud({ speed: { ...SLOW, gpuExtra: 0 } });
  world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
  const objects = chooseObjects(world.cloud, cloud.customResources, []).map((object): KubeObject => {
    if (object.kind !== NodePools.kind) return object;
    const { spec } = object as NodePool;
    const requirements = [{ key: Label.InstanceType, operator: "In" as const, values: [flavor] }];
    const template = { ...spec.template, spec: { ...spec.template.spec, requirements } };
    return { ...object, spec: { ...spec, limits: {}, template } } as unknown as NodePool;
  });
  await world.cluster.apply([...world.cloud.preparation, ...objects]);
  life = world.startControllers();
}

it("T-38, O-26: the first claims of GPU machines survive, and their nodes join", async () => {
  await started("l4-90");
  await world.clock.advance(minutes(5));
  const names = async (): Promise<readonly string[]> =>
    (await world.cluster.kube.list(NodeClaims)).items.map(({ metadata }) => metadata.name ?? "").toSorted();
  const first = await names();
  expect(first.length).toBeGreaterThan(0);
  await world.clock.advance(minutes(64));
  expect(await names()).toEqual(first);
  const running = async (): Promise<boolean> =>
    (await world.cluster.pods({ namespace: "default" })).every(({ status }) => status?.phase === "Running");
  expect(await world.clock.until(running, { timeout: minutes(10) })).toBe(true);
  expect(world.cloud.machinesEver()).toBe(first.length);
});

it("T-38, O-26: others are given up after 20 minutes and ordered anew", async () => {
  await started("b3-32");
  await world.clock.advance(minutes(5));
  const first = world.cloud.machinesEver();
  await world.clock.advance(minutes(25));
  expect(world.cloud.machinesEver()).toBeGreaterThan(first);
});
