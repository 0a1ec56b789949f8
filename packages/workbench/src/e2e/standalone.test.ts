// NodeClaims that somebody made by hand, without any NodePool, on both clouds: from the order to the end.

import "reflect-metadata";
import {
  Events,
  getCondition,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  type KubeObject,
  type NodeClaim,
  type NodeClass,
  type NodePool,
  type RequirementSpec,
} from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { allocatableFrom, minutes } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";

const CLOUDS = { ovh: () => ovhCloud(), simulated: () => simulatedCloud() } as const;
const REASON_WITHOUT_CLASS = { ovh: "NodeClassNotReady", simulated: "InsufficientCapacityError" } as const;
const KEY = { name: "by-hand" };

let world: World;
let life: ControllerLife;
let log: MemoryLogger;
let classRef: NodePool["spec"]["template"]["spec"]["nodeClassRef"];

afterEach(async () => {
  await life.stop();
  await world.close();
});

/** A cluster with the NodeClass of the quick start, and neither a NodePool nor a pod. */
async function begin(provider: keyof typeof CLOUDS): Promise<void> {
  log = new MemoryLogger();
  const cloud = CLOUDS[provider]();
  world = await World.open({ speed: "fast", logger: log, cloud });
  const objects = chooseObjects(world.cloud, cloud.customResources, []);
  const isClass = ({ kind }: KubeObject): boolean =>
    cloud.customResources.some(({ resource }) => resource.kind === kind);
  await world.cluster.apply([...world.cloud.preparation, ...objects.filter(isClass)]);
  const pool = objects.find((each): each is NodePool => each.kind === NodePools.kind);
  if (pool === undefined) throw new Error("the quick start has no NodePool");
  classRef = pool.spec.template.spec.nodeClassRef;
  life = world.startControllers();
  // A claim of a class that is not known to work is refused at once, so whoever makes one by hand waits for that.
  const [classes] = cloud.customResources;
  if (classes === undefined) throw new Error(`${provider} has no NodeClass`);
  const { kube } = world.cluster;
  const isUsable = async (): Promise<boolean> =>
    ((await kube.list(classes.resource)).items as readonly NodeClass[]).every(
      (each) => getCondition(each, "Ready")?.status === "True",
    );
  expect(provider === "simulated" || (await within(isUsable))).toBe(true);
}

function byHand(cpu: string, requirements: readonly RequirementSpec[], className = classRef.name): NodeClaim {
  const nodeClassRef = { ...classRef, name: className };
  const spec = { nodeClassRef, requirements, resources: { requests: { cpu, memory: "1Gi" } } };
  return { apiVersion: "karpenter.sh/v1", kind: NodeClaims.kind, metadata: KEY, spec };
}

const found = async (): Promise<NodeClaim | undefined> =>
  (await world.cluster.kube.list(NodeClaims)).items.find(({ metadata }) => metadata.name === KEY.name);
const within = (predicate: () => Promise<boolean>): Promise<boolean> =>
  world.clock.until(predicate, { timeout: minutes(30) });
const isReady = async (): Promise<boolean> => {
  const claim = await found();
  return claim !== undefined && getCondition(claim, "Ready")?.status === "True";
};
const isGone = async (): Promise<boolean> => (await found()) === undefined;

describe.each(["ovh", "simulated"] as const)("a NodeClaim made by hand on %s", (provider) => {
  it("E-30, A-14: its requests alone get it a machine that registers, becomes ready and goes with it", async () => {
    await begin(provider);
    await world.cluster.apply([byHand("3", [])]);
    expect(await within(isReady)).toBe(true);
    const nodes = (await world.cluster.kube.list(Nodes)).items;
    expect(nodes).toHaveLength(1);
    expect(allocatableFrom(nodes[0]?.status?.allocatable)["cpu"]).toBeGreaterThanOrEqual(3000);
    expect(nodes[0]?.metadata.labels).toMatchObject({ [Label.Registered]: "true", [Label.Initialized]: "true" });
    expect(nodes[0]?.metadata.labels).not.toHaveProperty(Label.NodePool);
    await world.cluster.kube.delete(NodeClaims, KEY);
    expect(await within(isGone)).toBe(true);
    expect(await within(async () => world.cloud.liveMachines() === 0 && world.cloud.pools() === 0)).toBe(true);
    expect((await world.cluster.kube.list(Nodes)).items).toEqual([]);
    expect(world.cloud.machinesEver()).toBe(1);
    expect(await world.cloud.complaints()).toEqual([]);
    expect(log.messages("error")).toEqual([]);
  });

  it("E-29, K-19: its node has the labels it asked for, also under Karpenter's older keys, and it stays as it was written", async () => {
    await begin(provider);
    const requirements: readonly RequirementSpec[] = [
      { key: "beta.kubernetes.io/arch", operator: "In", values: ["amd64"] },
      { key: "beta.kubernetes.io/os", operator: "In", values: ["linux"] },
      { key: Label.CapacityType, operator: "In", values: ["on-demand"] },
    ];
    const asked = byHand("1", requirements);
    await world.cluster.apply([{ ...asked, metadata: { ...KEY, labels: { team: "blue" } } }]);
    expect(await within(isReady)).toBe(true);
    const claim = await found();
    expect(claim?.spec.requirements).toEqual(requirements);
    const [node] = (await world.cluster.kube.list(Nodes)).items;
    const labels = { team: "blue", [Label.Arch]: "amd64", [Label.CapacityType]: "on-demand" };
    expect(claim?.metadata.labels).toMatchObject(labels);
    expect(node?.metadata.labels).toMatchObject(labels);
  });

  it("A-14: it expires like any other", async () => {
    await begin(provider);
    const asked = byHand("1", []);
    await world.cluster.apply([{ ...asked, spec: { ...asked.spec, expireAfter: "1h" } } as NodeClaim]);
    expect(await within(isReady)).toBe(true);
    expect(await within(isGone)).toBe(false);
    expect(await within(isGone)).toBe(true);
    expect(await within(async () => world.cloud.liveMachines() === 0)).toBe(true);
  });

  it("E-35: without its class it goes, with a reason, and nothing was bought", async () => {
    await begin(provider);
    await world.cluster.apply([byHand("1", [], "no-such-class")]);
    const told = async (): Promise<readonly (string | undefined)[]> =>
      (await world.cluster.kube.list(Events)).items
        .filter(({ involvedObject }) => involvedObject.name === KEY.name)
        .map(({ reason }) => reason);
    expect(await within(async () => (await isGone()) && (await told()).length > 0)).toBe(true);
    expect(await told()).toContain(REASON_WITHOUT_CLASS[provider]);
    expect(world.cloud.machinesEver()).toBe(0);
  });
});
