// What a provider says of its API group, on both clouds: its own keys may be asked for, others of its domain are mistakes (K-23).
// Scenarios of docs/reference/upstream-parity.md: E-130.

import "reflect-metadata";
import { getCondition, NodePools, type KubeObject, type NodePool } from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

const CLOUDS = {
  ovh: { open: () => ovhCloud(), own: "karpenter.ovhcloud.sh/instance-family" },
  simulated: { open: () => simulatedCloud(), own: "karpenter.kwok.sh/instance-family" },
} as const;

let world: World;
let life: ControllerLife;

afterEach(async () => {
  await life.stop();
  await world.close();
});

async function judged(name: string): Promise<{ readonly status?: string; readonly message?: string } | undefined> {
  const pool = (await world.cluster.kube.list(NodePools)).items.find(({ metadata }) => metadata.name === name);
  return pool && getCondition(pool, "ValidationSucceeded");
}

describe.each(["ovh", "simulated"] as const)("K-23: the API group of %s", (provider) => {
  it("does not end in Karpenter's own, is restricted, and has keys that may be asked for", async () => {
    const { open, own } = CLOUDS[provider];
    const cloud = open();
    world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
    const [group = ""] = own.split("/");
    expect(cloud.customResources.map(({ resource }) => resource.group)).toEqual(
      cloud.customResources.map(() => expect.not.stringMatching(/karpenter\.sh$/)),
    );
    expect(cloud.customResources.some(({ resource }) => resource.group === group)).toBe(true);
    const objects = chooseObjects(world.cloud, cloud.customResources, []);
    const pool = objects.find((each): each is NodePool => each.kind === NodePools.kind);
    if (pool === undefined) throw new Error("the quick start has no NodePool");
    await world.cluster.apply([requiring(pool, "own", own), requiring(pool, "typo", `${group}/instance-famly`)]);
    life = world.startControllers();
    const isJudged = async (): Promise<boolean> => {
      const answers = [await judged("own"), await judged("typo")];
      return answers.every((answer) => answer?.status === "True" || answer?.status === "False");
    };
    expect(await world.clock.until(isJudged, { timeout: minutes(1) })).toBe(true);
    expect(await judged("own")).toMatchObject({ status: "True" });
    expect(await judged("typo")).toMatchObject({
      status: "False",
      message: expect.stringContaining(`key ${group}/instance-famly is restricted`),
    });
  });
});

describe("topology.cinder.csi.openstack.org/zone on ovh", () => {
  it("E-119, E-141, E-142: a pod that asks for the zone as Cinder calls it gets a machine there, and one for another zone is told why not", async () => {
    const cloud = ovhCloud();
    world = await World.open({ speed: "fast", logger: new MemoryLogger(), cloud });
    await world.cluster.apply(world.cloud.preparation);
    await world.cluster.apply(chooseObjects(world.cloud, cloud.customResources, []).filter(isNotWorkload));
    await world.cluster.apply([inZone("here", "eu-west-par-b"), inZone("nowhere", "eu-west-par-x")]);
    life = world.startControllers();
    const node = async (name: string): Promise<string | undefined> =>
      (await world.cluster.pods()).find(({ metadata }) => metadata.name === name)?.spec.nodeName;
    expect(await world.clock.until(async () => (await node("here")) !== undefined, { timeout: minutes(30) })).toBe(
      true,
    );
    const [machine] = await world.cluster.nodes();
    expect(machine?.metadata.name).toBe(await node("here"));
    expect(machine?.metadata.labels).toMatchObject({ "topology.kubernetes.io/zone": "eu-west-par-b" });
    expect(await node("nowhere")).toBeUndefined();
  });
});

function isNotWorkload({ kind }: KubeObject): boolean {
  return kind !== "Deployment";
}

/** A pod as a volume of that zone would hold it there. */
function inZone(name: string, zone: string): KubeObject {
  const nodeSelector = { "topology.cinder.csi.openstack.org/zone": zone };
  const containers = [{ name: "app", image: "app:1", resources: { requests: { cpu: "100m", memory: "64Mi" } } }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: { nodeSelector, containers },
  } as KubeObject;
}

function requiring(pool: NodePool, name: string, key: string): NodePool {
  const { template } = pool.spec;
  const requirements = [{ key, operator: "Exists" as const }];
  const spec = { ...pool.spec, template: { ...template, spec: { ...template.spec, requirements } } };
  return { ...pool, metadata: { name }, spec };
}
