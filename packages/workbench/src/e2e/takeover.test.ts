// Taking over a fleet that Karpenter (Go) or the Go OVHcloud product has made, and handing it back: nothing drifts, nothing is
// bought or removed, nothing is left behind in the end.
// Scenarios of docs/reference/upstream-parity.md: E-57.

import "reflect-metadata";
import {
  Annotation,
  Events,
  getCondition,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  type KubeEvent,
  type KubeObject,
  type Node,
  type NodeClaim,
  type NodePool,
} from "@karpenter-multicloud/core/api";
import { errorText } from "@karpenter-multicloud/core/telemetry";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { minutes } from "@karpenter-multicloud/core/units";
import type { FakeOvh, PoolTemplate } from "@karpenter-multicloud/provider-ovh/testing";
import { afterEach, describe, expect, it } from "vitest";
import { ovhCloud } from "../demo/clouds/ovh.ts";
import { simulatedCloud } from "../demo/clouds/simulated.ts";
import type { ControllerLife } from "../demo/controller-life.ts";
import type { CloudOpener } from "../demo/demo-cloud.ts";
import { chooseObjects } from "../demo/manifests.ts";
import { World } from "../demo/world.ts";
import { isOurStamp, KARPENTER_HASH_VERSION, stampsOf, takeBack, writeAsKarpenter } from "./karpenter-handwriting.ts";

const INFLATE = { namespace: "default", name: "inflate" };
const OVH = "karpenter.ovhcloud.sh";
const OVH_WRITES = ["pool-name", "offering", "launch-attempt", "nodeclass-hash", "nodeclass-hash-version"];
const BY_HAND = "by-hand";

interface Fleet {
  readonly pools: readonly NodePool[];
  readonly claims: readonly NodeClaim[];
  readonly nodes: readonly Node[];
}

let world: World;
let life: ControllerLife;
let log: MemoryLogger;

afterEach(async () => {
  await life.stop();
  await world.close();
});

async function fleet(): Promise<Fleet> {
  const { kube } = world.cluster;
  const [pools, claims, nodes] = await Promise.all([kube.list(NodePools), kube.list(NodeClaims), kube.list(Nodes)]);
  return { pools: pools.items, claims: claims.items, nodes: nodes.items };
}

const conditionOf = (claim: NodeClaim | undefined, type: string): string | undefined =>
  claim && getCondition(claim, type)?.status;
const isOnItsWay = (claim: NodeClaim): boolean =>
  conditionOf(claim, "Launched") === "True" && conditionOf(claim, "Registered") !== "True";
const running = async (): Promise<number> =>
  (await world.cluster.pods()).filter(({ status }) => status?.phase === "Running").length;

/** Several nodes with pods, one claim made by hand, and one machine that has not joined yet. */
async function grow(cloud: CloudOpener): Promise<void> {
  log = new MemoryLogger();
  world = await World.open({ speed: "fast", logger: log, cloud });
  const objects = chooseObjects(world.cloud, cloud.customResources, []);
  await world.cluster.apply([...world.cloud.preparation, ...objects.map(cautious)]);
  life = world.startControllers();
  for (const replicas of [3, 7, 11]) {
    await world.cluster.scale(INFLATE, replicas);
    const isDone = async (): Promise<boolean> => (await running()) === replicas;
    expect(await world.clock.until(isDone, { timeout: minutes(20) })).toBe(true);
  }
  await world.cluster.apply(objects.flatMap(byHand));
  const isReady = async (): Promise<boolean> =>
    (await fleet()).claims.every((one) => conditionOf(one, "Ready") === "True");
  expect(await world.clock.until(isReady, { timeout: minutes(20) })).toBe(true);
  await world.cluster.scale(INFLATE, 40);
  const isBooting = async (): Promise<boolean> => (await fleet()).claims.some(isOnItsWay);
  expect(await world.clock.until(isBooting, { timeout: minutes(20) })).toBe(true);
  await life.stop();
}

/** Nothing drifted is replaced, so that what is marked stays to be looked at; empty nodes may all go. */
function cautious(object: KubeObject): KubeObject {
  if (object.kind !== NodePools.kind) return object;
  const { spec } = object as NodePool;
  const budgets = [{ nodes: "0", reasons: ["Drifted"] }, { nodes: "100%" }];
  return { ...object, spec: { ...spec, disruption: { ...spec.disruption, budgets } } } as NodePool;
}

function byHand(object: KubeObject): readonly NodeClaim[] {
  if (object.kind !== NodePools.kind) return [];
  const { nodeClassRef, requirements } = (object as NodePool).spec.template.spec;
  const spec = { nodeClassRef, requirements, resources: { requests: { cpu: "1", memory: "1Gi" } } };
  return [{ apiVersion: "karpenter.sh/v1", kind: NodeClaims.kind, metadata: { name: BY_HAND }, spec }];
}

interface Handover {
  readonly before: Fleet;
  readonly names: { readonly drifted: string; readonly interrupted: string; readonly unlabelled: string };
}

async function handOver(): Promise<Handover> {
  const ready = (await fleet()).claims.filter(
    (one) => conditionOf(one, "Ready") === "True" && one.metadata.name !== BY_HAND,
  );
  expect(ready.length).toBeGreaterThanOrEqual(3);
  const [drifted = "", interrupted = "", unlabelled = ""] = ready.map(({ metadata }) => metadata.name ?? "");
  const names = { drifted, interrupted, unlabelled };
  await writeAsKarpenter(world.cluster.kube, { ...names, ours: OVH_WRITES.map((key) => `${OVH}/${key}`) });
  return { before: await fleet(), names };
}

const identities = ({ claims, nodes }: Fleet): readonly string[] =>
  [...claims, ...nodes].map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.uid}`).toSorted();
const specs = ({ pools, claims }: Fleet): unknown =>
  [...pools, ...claims].map(({ kind, metadata, spec }) => ({ kind, name: metadata.name, spec }));
const marked = ({ claims }: Fleet, type: string): readonly (string | undefined)[] =>
  claims.filter((claim) => conditionOf(claim, type) === "True").map(({ metadata }) => metadata.name);
const doomed = ({ claims, nodes }: Fleet): readonly (string | undefined)[] =>
  [...claims, ...nodes].filter(({ metadata }) => metadata.deletionTimestamp).map(({ metadata }) => metadata.name);

/** Keys of labels and annotations on claims that are not as they were. */
function changedKeys(before: Fleet, after: Fleet): ReadonlySet<string> {
  const notes = ({ metadata }: NodeClaim): Readonly<Record<string, string>> => ({
    ...metadata.annotations,
    ...metadata.labels,
  });
  const changed = new Set<string>();
  for (const claim of after.claims.filter((one) => !isOnItsWay(one))) {
    const old = before.claims.find(({ metadata }) => metadata.uid === claim.metadata.uid);
    if (old === undefined || isOnItsWay(old)) continue;
    const [was, is] = [notes(old), notes(claim)];
    for (const key of Object.keys({ ...was, ...is })) if (was[key] !== is[key]) changed.add(key);
  }
  return changed;
}

/** A whole takeover: half an hour under the new controllers. */
async function expectTakenOver({ before, names }: Handover, allowed: readonly string[]): Promise<Fleet> {
  const bought = world.cloud.machinesEver();
  life = world.startControllers();
  await world.clock.advance(minutes(30));
  const after = await fleet();
  expect(identities(after)).toEqual(expect.arrayContaining([...identities(before)]));
  expect(world.cloud.liveMachines()).toBe(world.cloud.machinesEver());
  expect(world.cloud.machinesEver()).toBe(bought + after.claims.length - before.claims.length);
  expect(doomed(after)).toEqual([]);
  expect(after.claims.filter((claim) => conditionOf(claim, "Ready") !== "True")).toEqual([]);
  expect(marked(after, "Drifted")).toEqual([names.drifted]);
  expect(marked(after, "DisruptionReason")).toEqual([]);
  expect(specs({ ...after, claims: after.claims.filter(isOld(before)) })).toEqual(specs(before));
  const stamps = Object.entries(await stampsOf(world.cluster.kube)).filter(([who]) => !who.endsWith(BY_HAND));
  expect(stamps.filter(([, stamp]) => !isOurStamp(stamp))).toEqual([]);
  const [NodePool] = stamps.filter(([who]) => who.startsWith("NodePool")).map(([, stamp]) => stamp);
  const others = stamps.filter(([, stamp]) => stamp !== NodePool).map(([who]) => who);
  expect(others).toEqual([`NodeClaim ${names.drifted}`]);
  expect([...changedKeys(before, after)].filter((key) => !allowed.includes(key))).toEqual([]);
  expect(await running()).toBe(40);
  return after;
}

const isOld =
  ({ claims }: Fleet) =>
  ({ metadata }: NodeClaim): boolean =>
    claims.some((old) => old.metadata.uid === metadata.uid);

/** No pod needs a node any more, and nobody the claim made by hand. */
async function expectNothingLeft(): Promise<void> {
  await world.cluster.scale(INFLATE, 0);
  await world.cluster.kube.delete(NodeClaims, { name: BY_HAND });
  const isGone = async (): Promise<boolean> => {
    const { claims, nodes } = await fleet();
    return claims.length + nodes.length + world.cloud.liveMachines() + world.cloud.pools() === 0;
  };
  await world.clock.until(isGone, { timeout: minutes(60) });
  const { claims, nodes } = await fleet();
  expect([...claims, ...nodes].map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
  expect([world.cloud.liveMachines(), world.cloud.pools()]).toEqual([0, 0]);
}

const complaints = (): readonly string[] =>
  log.lines
    .filter(({ level }) => level === "error" || level === "warn")
    .map(({ level, message, fields }) => `${level}: ${message} ${errorText(fields["error"])}`);

const STAMP: readonly string[] = [Annotation.NodePoolHash, Annotation.NodePoolHashVersion];

describe("a fleet made by Karpenter v1.14", () => {
  it("NP-4, NP-5, HY-1: is taken over without a drift, handed back, taken over again, and leaves nothing", async () => {
    const cloud = simulatedCloud();
    await grow(cloud);
    const handover = await handOver();
    const classLabel = "karpenter.kwok.sh/kwoknodeclass";
    const first = await expectTakenOver(handover, [...STAMP, classLabel]);
    const relabelled = first.claims.find(({ metadata }) => metadata.name === handover.names.unlabelled);
    expect(relabelled?.metadata.labels?.[classLabel]).toBe("default");

    await life.stop();
    await takeBack(world.cluster.kube);
    const back = await stampsOf(world.cluster.kube);
    expect(Object.entries(back).filter(([who, stamp]) => isOurStamp(stamp) && !who.endsWith(BY_HAND))).toEqual([]);
    expect(Object.values(back)).toContain(`12745407319442031341/${KARPENTER_HASH_VERSION}`);
    await expectTakenOver({ ...handover, before: await fleet() }, STAMP);

    await expectNothingLeft();
    expect(complaints()).toEqual([]);
  }, 600_000);
});

describe("a fleet made by the Go OVHcloud product", () => {
  let fake: FakeOvh;

  /** The owner's labels are not there; Karpenter's own are, on every machine. */
  const asLegacy = ({ metadata, spec }: PoolTemplate): PoolTemplate => {
    const others = Object.entries(metadata.labels).filter(([key]) => !key.startsWith(`${OVH}/`));
    const labels = { ...Object.fromEntries(others), "managed-by": "karpenter", [Label.Registered]: "true" };
    return { metadata: { ...metadata, labels }, spec };
  };

  /** What the next life is told; a process reads it once. */
  const env: Record<string, string> = {};

  function opener(adopt: boolean): CloudOpener {
    env["OVH_ADOPT_LEGACY_POOLS"] = String(adopt);
    const cloud = ovhCloud({}, (opened) => {
      fake = opened;
    });
    return {
      ...cloud,
      open: async (context, files) => {
        const opened = await cloud.open(context, files);
        return { ...opened, env: Object.assign(env, opened.env) };
      },
    };
  }

  function forgetOwner(): void {
    for (const pool of fake.state().pools) {
      fake.outside.editPool(String(pool["name"]), { template: asLegacy(pool["template"] as PoolTemplate) });
    }
  }

  it("O-4: with OVH_ADOPT_LEGACY_POOLS=true its pools are adopted, nothing drifts, and all of it can go", async () => {
    await grow(opener(true));
    const handover = await handOver();
    forgetOwner();
    const own = ["pool-name", "pool-id", "node-id", "node-name"].map((key) => `${OVH}/${key}`);
    await expectTakenOver(handover, [...STAMP, ...own, `${OVH}/ovhnodeclass`]);
    await expectNothingLeft();
    expect(await world.cloud.complaints()).toEqual([]);
  }, 600_000);

  it("O-4: without it nothing of the fleet is removed or drained, and every claim says why; the switch ends that", async () => {
    await grow(opener(false));
    const { before } = await handOver();
    forgetOwner();
    const legacy = fake.state().pools.map((pool) => String(pool["name"]));
    life = world.startControllers();
    await world.clock.advance(minutes(3));
    await world.cluster.scale(INFLATE, 0);
    await world.clock.advance(minutes(30));
    const after = await fleet();
    const launched = before.claims.filter(({ status }) => status?.providerID).map(({ metadata }) => metadata.name);
    expect(after.claims.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(launched));
    expect(doomed(after)).toEqual([]);
    expect(after.nodes.filter(({ spec }) => spec?.taints?.some(({ key }) => key === "karpenter.sh/disrupted"))).toEqual(
      [],
    );
    const { items } = await world.cluster.kube.list<KubeEvent>(Events);
    const told = items
      .filter(({ reason }) => reason === "PoolNotOwned")
      .map(({ involvedObject }) => involvedObject.name);
    expect(told).toEqual(expect.arrayContaining(launched));
    const touched = fake.requestLog().filter(({ method, body }) => method === "PUT" && "template" in (body as object));
    expect(touched).toEqual([]);

    await life.stop();
    env["OVH_ADOPT_LEGACY_POOLS"] = "true";
    life = world.startControllers();
    await expectNothingLeft();
    expect(legacy).not.toEqual([]);
    expect(await world.cloud.complaints()).toEqual([]);
  }, 600_000);
});
