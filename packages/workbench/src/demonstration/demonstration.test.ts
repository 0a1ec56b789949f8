// The demonstration on OVHcloud from its first file to its last, on a simulated cluster and the fake API over HTTPS (S-31 to S-42).

import "reflect-metadata";
import {
  getCondition,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  type Deployment,
  type KubeObject,
  type NodeClaim,
  type NodeClass,
  type NodePool,
  type Resource,
} from "@karpenter-multicloud/core/api";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import { OVHNodeClasses } from "@karpenter-multicloud/provider-ovh";
import type { FakeOvh } from "@karpenter-multicloud/provider-ovh/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import { World } from "../demo/world.ts";
import { objectsOf, variablesFor } from "./files.ts";

const HALF_HOUR = { timeout: minutes(30) };
const log = new MemoryLogger();
let world: World;
let life: ControllerLife;
let fake: FakeOvh;

beforeAll(async () => {
  world = await World.open({ speed: "fast", logger: log, cloud: ovhCloud({}, (started) => void (fake = started)) });
  life = world.startControllers();
});

afterAll(async () => {
  await life.stop();
  await world.close();
});

async function apply(...names: readonly string[]): Promise<void> {
  const variables = variablesFor(fake.credentials);
  for (const name of names) await world.cluster.apply(await objectsOf(name, variables));
}

const scale = (name: string, replicas: number): Promise<void> =>
  world.cluster.scale({ namespace: "default", name }, replicas);
const runs = (app: string, count: number): Promise<boolean> =>
  world.clock.until(async () => {
    const pods = await world.cluster.pods({ namespace: "default", labelSelector: `app=${app}` });
    return pods.length === count && pods.every(({ status }) => status?.phase === "Running");
  }, HALF_HOUR);
const claims = async (): Promise<readonly NodeClaim[]> => (await world.cluster.kube.list(NodeClaims)).items;
const typesOf = (list: readonly NodeClaim[]): readonly (string | undefined)[] =>
  list.map(({ metadata }) => metadata.labels?.[Label.InstanceType]);
const noneLeft = (): Promise<boolean> => world.clock.until(async () => (await claims()).length === 0, HALF_HOUR);
const poolNames = (): readonly string[] =>
  fake
    .state()
    .pools.map(({ name }) => String(name))
    .toSorted();
const isReady = (resource: Resource, name: string): Promise<boolean> =>
  world.clock.until(async () => {
    const object = (await world.cluster.kube.get(resource, { name })) as NodeClass;
    return getCondition(object, "Ready")?.status === "True";
  }, HALF_HOUR);

async function zonesOf(app: string): Promise<readonly string[]> {
  const nodes = new Map((await world.cluster.kube.list(Nodes)).items.map((node) => [node.metadata.name, node]));
  const pods = await world.cluster.pods({ namespace: "default", labelSelector: `app=${app}` });
  return pods.map(({ spec }) => nodes.get(spec.nodeName)?.metadata.labels?.[Label.Zone] ?? "").toSorted();
}

describe("the demonstration on OVHcloud", () => {
  it("S-31, S-32: namespace, Secret and class are taken, and the class is ready", async () => {
    await apply("01-namespace-secret.yaml", "02-ovhnodeclass.yaml");
    expect(await isReady(OVHNodeClasses, "default")).toBe(true);
  });

  it("S-33, S-34, O-10: three pods of inflate get a b3-8 from the pool that the guide names, its tags told by six characters", async () => {
    await apply("03-nodepool-basic.yaml", "04-inflate.yaml");
    expect(await isReady(NodePools, "demo-pool")).toBe(true);
    await scale("inflate", 3);
    expect(await runs("inflate", 3)).toBe(true);
    expect(poolNames()).toEqual([expect.stringMatching(/^karpenter-b3-8-eu-west-par-a-[0-9a-f]{6}$/)]);
    const [node, ...more] = (await world.cluster.kube.list(Nodes)).items;
    expect(more).toEqual([]);
    expect(node?.metadata.labels).toMatchObject({ demo: "karpenter-ovhcloud", environment: "demo", owner: "platform" });
    expect((await claims())[0]?.spec.expireAfter).toBe("720h");
  });

  it("S-33: scaled down, the node goes after the minute that the NodePool says", async () => {
    await scale("inflate", 0);
    await world.clock.advance(minutes(0.75));
    expect(await claims()).toHaveLength(1);
    expect(await noneLeft()).toBe(true);
  });

  it("S-35, S-36: two small pods get one b3-8", async () => {
    await apply("05-nodepool-multi-flavor.yaml", "06-small-workload.yaml");
    expect(await runs("small-workload", 2)).toBe(true);
    expect(typesOf(await claims())).toEqual(["b3-8"]);
  });

  it("S-37: a pod of 6 CPUs and 20Gi gets a b3-32", async () => {
    await apply("07-large-workload.yaml");
    expect(await runs("large-workload", 1)).toBe(true);
    expect(typesOf(await claims())).toContain("b3-32");
  });

  it("S-38, S-39: six replicas stand two and two in three zones, each zone with a pool of its own", async () => {
    await apply("08-nodepool-multizone.yaml", "09-zone-spread.yaml");
    expect(await runs("zone-spread", 6)).toBe(true);
    const [a, b, c] = ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"];
    expect(await zonesOf("zone-spread")).toEqual([a, a, b, b, c, c]);
    for (const zone of [a, b, c]) expect(poolNames().some((name) => name.includes(`-${zone}`))).toBe(true);
  });

  it("S-33, S-35: ten pods need more nodes, two need fewer: consolidation gives the difference back", async () => {
    await scale("inflate", 10);
    expect(await runs("inflate", 10)).toBe(true);
    const most = (await claims()).length;
    await scale("inflate", 2);
    expect(await world.clock.until(async () => (await claims()).length < most, HALF_HOUR)).toBe(true);
    expect(await runs("inflate", 2)).toBe(true);
    // What the guide looks for with `grep -i consolidat`.
    expect(log.lines.filter((line) => /consolidat/i.test(JSON.stringify([line.message, line.fields])))).not.toEqual([]);
  });

  it("S-40: pods that tolerate it get a machine billed by the month, of the second generation; no others do", async () => {
    await apply("10-ovhnodeclass-monthly.yaml", "11-nodepool-monthly.yaml");
    expect(await isReady(NodePools, "monthly-pool")).toBe(true);
    const by = (await claims()).filter(({ metadata }) => metadata.labels?.[Label.NodePool] === "monthly-pool");
    expect(by).toEqual([]);
    await world.cluster.apply([await workload("monthly", 1, { [Label.NodePool]: "monthly-pool" })]);
    expect(await runs("monthly", 1)).toBe(true);
    const monthly = fake.state().pools.filter((pool) => pool["monthlyBilled"] === true);
    expect(monthly.map(({ flavor }) => flavor)).toEqual(["b2-7"]);
    await scale("monthly", 0);
  });

  it("S-41, O-12: pools of the class high-availability keep machines apart and hold five", async () => {
    await apply("12-ovhnodeclass-antiaffinity.yaml");
    expect(await isReady(OVHNodeClasses, "high-availability")).toBe(true);
    await world.cluster.apply([await poolOf("high-availability"), await workload("apart", 6, { demo: "apart" }, true)]);
    expect(await runs("apart", 6)).toBe(true);
    const pools = fake.state().pools.filter((pool) => pool["antiAffinity"] === true);
    expect(pools.map(({ desiredNodes }) => Number(desiredNodes)).toSorted()).toEqual([1, 5]);
  });

  it("S-42: without NodePools everything is given back, and nothing had gone wrong on the way", async () => {
    for (const name of ["inflate", "small-workload", "large-workload", "zone-spread", "monthly", "apart"]) {
      await scale(name, 0);
    }
    for (const name of ["demo-pool", "multi-flavor", "multizone", "monthly-pool", "apart"]) {
      await world.cluster.kube.delete(NodePools, { name });
    }
    const isEmpty = async (): Promise<boolean> =>
      (await claims()).length === 0 && (await world.cluster.nodes()).length === 0 && world.cloud.liveMachines() === 0;
    expect(await world.clock.until(isEmpty, { timeout: minutes(60) })).toBe(true);
    for (const name of ["default", "monthly-billing", "high-availability"]) {
      await world.cluster.kube.delete(OVHNodeClasses, { name });
    }
    const classes = async (): Promise<number> => (await world.cluster.kube.list(OVHNodeClasses)).items.length;
    expect(await world.clock.until(async () => (await classes()) === 0, HALF_HOUR)).toBe(true);
    expect(poolNames()).toEqual([]);
    expect(await world.cloud.complaints()).toEqual([]);
    expect(log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});

/** inflate under another name, for one NodePool; a Deployment that the demonstration does not have. */
async function workload(
  app: string,
  replicas: number,
  nodeSelector: Readonly<Record<string, string>>,
  apart = false,
): Promise<KubeObject> {
  const [inflate] = await objectsOf("04-inflate.yaml", {});
  const { spec } = inflate as Deployment;
  const labels = { app };
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: labels } };
  const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  const template = {
    metadata: { labels },
    spec: {
      ...spec.template.spec,
      nodeSelector,
      tolerations: [{ key: "billing", operator: "Exists" }],
      ...(apart ? { affinity: { podAntiAffinity } } : {}),
    },
  };
  return {
    ...inflate,
    metadata: { name: app },
    spec: { ...spec, replicas, selector: { matchLabels: labels }, template },
  } as KubeObject;
}

/** The basic NodePool with another class, in one zone. */
async function poolOf(className: string): Promise<KubeObject> {
  const [basic] = await objectsOf("03-nodepool-basic.yaml", {});
  const { spec } = basic as NodePool;
  const { nodeClassRef, requirements } = spec.template.spec;
  const zone = { key: Label.Zone, operator: "In" as const, values: ["eu-west-par-a"] };
  const template = {
    metadata: { labels: { demo: "apart" } },
    spec: {
      ...spec.template.spec,
      nodeClassRef: { ...nodeClassRef, name: className },
      requirements: [...requirements, zone],
    },
  };
  const { limits: _, ...unlimited } = spec;
  return { ...basic, metadata: { name: "apart" }, spec: { ...unlimited, template } } as KubeObject;
}
