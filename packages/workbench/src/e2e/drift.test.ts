// A class of OVHcloud that changes under running machines: the provider's word stands on each claim until it is taken back.
// Scenarios of docs/reference/upstream-parity.md: E-180, E-193.

import "reflect-metadata";
import { getCondition, NodeClaims, NodePools, type KubeObject, type NodePool } from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { OVHNodeClasses } from "@karpenter-multicloud/provider-ovh";
import { afterEach, describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

let world: World;
let life: ControllerLife;
let log: MemoryLogger;

afterEach(async () => {
  await life.stop();
  await world.close();
});

/** Nothing is disrupted, so that what is marked stays to be looked at. */
function untouched(object: KubeObject): KubeObject {
  if (object.kind !== NodePools.kind) return object;
  const { spec } = object as NodePool;
  return { ...object, spec: { ...spec, disruption: { ...spec.disruption, budgets: [{ nodes: "0" }] } } } as NodePool;
}

async function conditionsAfter(tags: Readonly<Record<string, string>> | null): Promise<readonly string[]> {
  const { kube } = world.cluster;
  await kube.patch(OVHNodeClasses, { name: "default" }, { type: "merge", body: { spec: { tags } } });
  await world.clock.advance(minutes(1));
  return await reasons();
}

async function reasons(): Promise<readonly string[]> {
  const { items } = await world.cluster.kube.list(NodeClaims);
  return items.map((claim) => getCondition(claim, "Drifted")?.reason ?? "none");
}

describe("an OVHNodeClass that changes", () => {
  it("O-65, D-137, D-140: its claims drift within a minute, and no longer when it is as it was", async () => {
    log = new MemoryLogger();
    const cloud = ovhCloud();
    world = await World.open({ speed: "fast", logger: log, cloud });
    const objects = chooseObjects(world.cloud, cloud.customResources, []);
    await world.cluster.apply([...world.cloud.preparation, ...objects.map(untouched)]);
    life = world.startControllers();
    await world.cluster.scale({ namespace: "default", name: "inflate" }, 3);
    const isReady = async (): Promise<boolean> => {
      const { items } = await world.cluster.kube.list(NodeClaims);
      return items.length > 0 && items.every((claim) => getCondition(claim, "Ready")?.status === "True");
    };
    expect(await world.clock.until(isReady, { timeout: minutes(20) })).toBe(true);
    const names = await reasons();

    expect(new Set(names)).toEqual(new Set(["none"]));
    expect(await conditionsAfter({ team: "another" })).toEqual(names.map(() => "NodeClassDrift"));
    expect(await conditionsAfter(null)).toEqual(names);
    await world.clock.advance(minutes(90));
    expect(await reasons()).toEqual(names);
    expect(log.messages("error")).toEqual([]);
    expect(await world.cloud.complaints()).toEqual([]);
  }, 600_000);
});
