// Machines of our claims in pools without our labels, as the older Go product leaves them: neither forgotten nor touched, and
// taken over when that is asked for.

import { Label, NodeClaims, Nodes } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { afterEach, describe, expect, it } from "vitest";

import { OvhAnnotation, OwnerLabel } from "../api/labels.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import type { PoolTemplate, ViolationKind } from "../testing/index.ts";
import { createPool } from "../testing/pool-fixtures.ts";
import { TinyClient } from "../testing/tiny-client.ts";

const ZONE_A = "eu-west-par-a";
const POOL_A = "karpenter-b3-8-eu-west-par-a";
const ADOPT: BenchOptions = { env: { OVH_ADOPT_LEGACY_POOLS: "true" } };

/** As the Go product writes it, with labels that belong to Karpenter and to the kubelet. */
const LEGACY: PoolTemplate = {
  metadata: {
    labels: {
      "managed-by": "karpenter",
      "karpenter.sh/registered": "true",
      "karpenter.sh/nodepool": "default",
      "node.kubernetes.io/instance-type": "b3-8",
    },
    annotations: {},
    finalizers: [],
  },
  spec: { taints: [], unschedulable: false },
};

let bench: Bench;
let provoked: readonly ViolationKind[] = [];
afterEach(() => bench.close(...provoked));

async function started(options: BenchOptions = {}): Promise<Bench> {
  provoked = [];
  return (bench = await Bench.start(options));
}

/** Machines whose pool and claims look as the Go product leaves them; then a process that knows nothing of them. */
async function legacy(count: number, labels: Readonly<Record<string, string>> = {}): Promise<readonly NodeClaim[]> {
  await bench.machines(count, { zones: [ZONE_A] });
  await bench.pass(400_000);
  const template = { ...LEGACY, metadata: { ...LEGACY.metadata, labels: { ...LEGACY.metadata.labels, ...labels } } };
  bench.fake.outside.editPool(POOL_A, { template });
  for (const { metadata } of await bench.claims()) {
    const { PoolName, Offering, LaunchAttempt, NodeClassHash, NodeClassHashVersion } = OvhAnnotation;
    const unwritten = [PoolName, Offering, LaunchAttempt, NodeClassHash, NodeClassHashVersion];
    const annotations = Object.fromEntries(unwritten.map((key) => [key, null]));
    const body = { metadata: { annotations } };
    await bench.kube.patch(NodeClaims, { name: metadata.name ?? "" }, { type: "merge", body });
  }
  await bench.restart();
  return bench.claims();
}

const writesBefore = (): number => bench.writes().length;
const machines = (): readonly string[] => bench.fake.state().machines.map(({ status }) => status);
const idOf = (claim: NodeClaim | undefined): string => claim?.status?.providerID ?? "";
const lookFor = async (minutes: number): Promise<void> => {
  for (let passed = 0; passed < minutes; passed += 2) {
    await bench.during(bench.provider.list({ signal: bench.signal }));
    await bench.collect();
    await bench.pass(120_000);
  }
};
const events = (): readonly string[] => bench.events.withReason("PoolNotOwned").map(({ message }) => message);
const askToDelete = async (name: string): Promise<void> =>
  bench.during(bench.provider.delete(await bench.claim(name), { signal: bench.signal }));
const templateLabels = (): unknown =>
  (bench.pool(POOL_A) as { readonly template: PoolTemplate }).template.metadata.labels;

describe("a claim's machine in a pool that is not ours", () => {
  it("O-4: its claim cannot end: the machine neither goes nor is forgotten, and that is told", async () => {
    await started();
    await legacy(2);
    const before = writesBefore();
    await bench.kube.delete(NodeClaims, { name: "claim-1" });
    for (let look = 0; look < 4; look++) {
      await expect(askToDelete("claim-1")).rejects.toThrow(
        /claim-1 cannot end: machine karpenter-b3-8-eu-west-par-a-node-\w+ is in pool karpenter-b3-8-eu-west-par-a, which is not ours; set OVH_ADOPT_LEGACY_POOLS=true/,
      );
      await bench.pass(30_000);
    }
    await bench.collectFor(30);
    expect(machines()).toEqual(["READY", "READY"]);
    expect(bench.writes()).toHaveLength(before);
    expect(events()).toContainEqual(expect.stringContaining("OVH_ADOPT_LEGACY_POOLS=true"));
    await bench.release("claim-1");
  });

  it("O-4: somebody taking our labels from a pool has the same effect, and putting them back ends it", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    await bench.pass(400_000);
    const { template } = bench.pool(POOL_A) as { readonly template: PoolTemplate };
    bench.fake.outside.editPool(POOL_A, { template: LEGACY });
    await bench.kube.delete(NodeClaims, { name: "claim-1" });
    await expect(askToDelete("claim-1")).rejects.toThrow(/which is not ours/);
    bench.fake.outside.editPool(POOL_A, { template });
    await bench.during(bench.remove("claim-1"));
    await bench.pass(120_000);
    expect(machines()).toEqual([]);
  });

  it("the claim ends as soon as somebody else has removed the machine", async () => {
    await started();
    const [claim] = await legacy(1);
    await bench.kube.delete(NodeClaims, { name: "claim-1" });
    await expect(askToDelete("claim-1")).rejects.toThrow(/which is not ours/);
    bench.fake.outside.removePool(POOL_A);
    await bench.pass(5_000);
    await bench.during(bench.remove("claim-1"));
    expect(idOf(claim)).not.toBe("");
    expect(await bench.claims()).toEqual([]);
  });

  it("O-55: is listed and found as its claim's, so that no claim is collected while its machine runs", async () => {
    await started();
    const claims = await legacy(2);
    const listed = await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(listed.map(idOf).toSorted()).toEqual(claims.map(idOf).toSorted());
    expect(listed.map(({ metadata }) => metadata.name).toSorted()).toEqual(["claim-1", "claim-2"]);
    const found = await bench.during(bench.provider.get(idOf(claims[0]), { signal: bench.signal }));
    expect(found.metadata.uid).toBe(claims[0]?.metadata.uid);
  });

  it("O-55: a machine there that no claim names is not ours to know", async () => {
    await started();
    const [claim] = await legacy(2);
    await bench.drop("claim-1");
    const listed = await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(listed.map(({ metadata }) => metadata.name)).toEqual(["claim-2"]);
    await expect(bench.during(bench.provider.get(idOf(claim), { signal: bench.signal }))).rejects.toThrow(
      /no machine with provider id/,
    );
  });

  it("core is told to keep it, before the pools were ever listed too", async () => {
    await started();
    const [claim] = await legacy(1);
    if (claim === undefined) throw new Error("no claim");
    expect(bench.provider.keeps?.(claim)).toBe("the pools of the cluster have not been listed yet");
    await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(bench.provider.keeps?.(claim)).toBe(`its machine is in pool ${POOL_A}, which is not ours`);
    const [ours] = await bench.machines(1, { zones: ["eu-west-par-b"] }, "ours");
    await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(ours && bench.provider.keeps?.(ours)).toBeUndefined();
  });

  it("is no drift", async () => {
    await started();
    for (const claim of await legacy(2)) {
      expect(await bench.during(bench.provider.isDrifted(claim, { signal: bench.signal }))).toBe("");
    }
  });

  it("foreign pools are not looked into for a machine that went from a pool of ours", async () => {
    await started({ env: { OVH_DELETING_IS_GONE: "false" } });
    const { id } = await createPool(new TinyClient(bench.fake), { name: "web", template: LEGACY });
    await bench.machines(1, { zones: [ZONE_A] });
    await bench.pass(400_000);
    const stop = new AbortController();
    const listing = (async () => {
      while (!stop.signal.aborted) {
        await bench.provider.list({ signal: bench.signal });
        await bench.clock.sleep(1_000 as never, { signal: bench.signal });
      }
    })();
    await bench.during(bench.remove("claim-1"));
    stop.abort();
    await bench.during(listing);
    const paths = bench.fake.requestLog().map(({ path }) => path);
    expect(paths.filter((path) => path.endsWith("/nodes")).length).toBeGreaterThan(0);
    expect(paths.filter((path) => path.includes(`${id}/nodes`))).toEqual([]);
  });

  it("O-4: new machines go to a pool of another name, the old one stays as it is", async () => {
    await started();
    await legacy(1);
    await bench.machines(1, { zones: [ZONE_A] }, "new");
    expect(bench.pool(`${POOL_A}-2`)).toMatchObject({ desiredNodes: 1 });
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 1, template: LEGACY });
  });
});

describe("adopting pools of the older product", () => {
  it("O-4: adds our labels and takes none away, no machine comes or goes", async () => {
    await started(ADOPT);
    const claims = await legacy(2);
    const before = writesBefore();
    await bench.collect();
    expect(templateLabels()).toEqual({
      ...LEGACY.metadata.labels,
      [OwnerLabel.ManagedBy]: "karpenter",
      [OwnerLabel.Cluster]: bench.fake.credentials.kubeId,
      [OwnerLabel.PoolKey]: "adopted",
    });
    await bench.collectFor(30);
    expect(bench.writes()).toHaveLength(before + 1);
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 2, minNodes: 0, autoscale: false });
    expect(machines()).toEqual(["READY", "READY"]);
    expect((await bench.claims()).map(idOf)).toEqual(claims.map(idOf));
    expect(events()).toEqual([]);
  });

  it("then a claim ends with its own machine, named, and the last one with the pool", async () => {
    await started(ADOPT);
    const [, second] = await legacy(2);
    await bench.collect();
    await bench.pass(10_000);
    await bench.during(bench.remove("claim-1"));
    await bench.pass(120_000);
    const left = await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(left.map(idOf)).toEqual([idOf(second)]);
    expect(second && bench.provider.keeps?.(second)).toBeUndefined();
    await bench.during(bench.remove("claim-2"));
    await bench.pass(120_000);
    await bench.collectFor(16);
    expect(bench.fake.state().pools).toEqual([]);
  });

  it("a claim that waited to end ends after the adoption", async () => {
    await started(ADOPT);
    await legacy(2);
    await bench.kube.delete(NodeClaims, { name: "claim-1" });
    await expect(askToDelete("claim-1")).rejects.toThrow(/which is not ours \(yet\)/);
    await bench.collect();
    await bench.pass(10_000);
    await bench.during(bench.remove("claim-1"));
    await bench.pass(120_000);
    expect(machines()).toEqual(["READY"]);
  });

  it("O-14: another autoscaler's hand is taken off the pool, and finalizers that would block every removal", async () => {
    await started(ADOPT);
    await legacy(1);
    const template = { ...LEGACY, metadata: { ...LEGACY.metadata, finalizers: ["example.com/keep"] } };
    bench.fake.outside.editPool(POOL_A, { autoscale: true, template });
    await bench.collect();
    expect(bench.pool(POOL_A)).toMatchObject({ autoscale: false, template: { metadata: { finalizers: [] } } });
  });

  it("new machines do not go there, without a word: nobody has changed its template", async () => {
    await started(ADOPT);
    await legacy(1);
    await bench.collect();
    await bench.machines(1, { zones: [ZONE_A] }, "new");
    expect(bench.pool(`${POOL_A}-2`)).toMatchObject({ desiredNodes: 1 });
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 1 });
    const reasons = ["PoolTemplateChanged", "PoolNameTaken"].flatMap((reason) => bench.events.withReason(reason));
    expect(reasons).toEqual([]);
  });

  it("O-4: a pool of another name is somebody's, though a claim says that its machine is there", async () => {
    await started(ADOPT);
    await createPool(new TinyClient(bench.fake), { name: "web", template: LEGACY });
    await bench.pass(400_000);
    const [machine] = bench.fake.state().machines;
    await bench.putClaim("claim-1");
    const status = { providerID: `openstack:///${machine?.instanceId}` };
    await bench.kube.patchStatus(NodeClaims, { name: "claim-1" }, { type: "merge", body: { status } });
    await lookFor(20);
    expect(bench.pool("web")).toMatchObject({ desiredNodes: 1, template: LEGACY });
    expect(events()).toContainEqual(expect.stringContaining("its name does not begin with karpenter-"));
  });

  it("O-4: a machine that no claim has keeps its whole pool as it is, until somebody has removed it", async () => {
    await started(ADOPT);
    await legacy(2);
    await bench.drop("claim-1");
    const before = writesBefore();
    await lookFor(20);
    expect(bench.writes()).toHaveLength(before);
    expect(machines()).toEqual(["READY", "READY"]);
    expect(events()).toContainEqual(
      expect.stringMatching(/not adopted, as no NodeClaim has its machines karpenter-b3-8/),
    );
  });

  it("O-4: a pool with no machine of a claim is not looked at, whatever its name", async () => {
    await started(ADOPT);
    await legacy(1);
    await bench.drop("claim-1");
    const before = writesBefore();
    await bench.collectFor(20);
    expect(bench.writes()).toHaveLength(before);
    expect(machines()).toEqual(["READY"]);
    expect(events()).toEqual([]);
  });

  it("O-4: the pool of another cluster's Karpenter is never taken", async () => {
    await started(ADOPT);
    await legacy(1, { [OwnerLabel.ManagedBy]: "karpenter", [OwnerLabel.Cluster]: "somebody-else" });
    const before = writesBefore();
    await lookFor(20);
    expect(bench.writes()).toHaveLength(before);
    expect(events()).toContainEqual(expect.stringContaining("says that it has an owner"));
  });

  it("what MKS puts into an adopted pool without a claim is surplus, whatever its template says of its Node", async () => {
    await started(ADOPT);
    const [claim] = await legacy(1);
    await bench.collect();
    bench.fake.outside.editPool(POOL_A, { desiredNodes: 2 });
    await bench.pass(400_000);
    expect(machines()).toEqual(["READY", "READY"]);
    for (const { name } of bench.fake.state().machines) {
      await bench.kube.create(Nodes, { metadata: { name, labels: { [Label.Registered]: "true" } } });
    }
    await bench.collectFor(20);
    await bench.pass(120_000);
    const left = await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(left.map(idOf)).toEqual([idOf(claim)]);
  });

  it("observe mode: nothing is written, and what would not be adopted is told", async () => {
    await started();
    await legacy(2);
    await bench.restart({ mode: "observe" });
    const before = writesBefore();
    await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(events()).toContainEqual(expect.stringContaining("OVH_ADOPT_LEGACY_POOLS=true"));
    await bench.restart({ mode: "observe", env: ADOPT.env ?? {} });
    await expect(bench.collect()).rejects.toThrow(/observe/);
    expect(bench.writes()).toHaveLength(before);
    expect(templateLabels()).toEqual(LEGACY.metadata.labels);
    const bound = (await bench.claims()).map(({ metadata }) => metadata.annotations?.[OvhAnnotation.PoolName]);
    expect(bound).toEqual([undefined, undefined]);
  });

  it("a crash between the claims and the pool changes nothing: the next life finishes", async () => {
    await started(ADOPT);
    await legacy(2);
    bench.fake.faults([{ match: { method: "PUT" }, fault: "timeoutBefore", delayMs: 1 }]);
    await bench.collect();
    expect(templateLabels()).toEqual(LEGACY.metadata.labels);
    const bound = (await bench.claims()).map(({ metadata }) => metadata.annotations?.[OvhAnnotation.PoolName]);
    expect(bound).toEqual([POOL_A, POOL_A]);
    bench.fake.faults([]);
    await bench.restart();
    await bench.collectFor(14);
    expect(templateLabels()).toMatchObject({ [OwnerLabel.PoolKey]: "adopted" });
    expect(machines()).toEqual(["READY", "READY"]);
  });
});
