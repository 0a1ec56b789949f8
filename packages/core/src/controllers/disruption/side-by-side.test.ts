// DX-21, DX-22, DX-31, DX-32: commands beside each other, and what one must know of the others.

import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, Nodes } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { kindOfMachine, LearnedMachines } from "../../provider/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { podsMove } from "../../testing/joining-replacement.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { TEST_CLASS } from "../../testing/builders/index.ts";
import { minutes } from "../../units/index.ts";
import { provisioningController } from "../provisioning/controller.ts";
import { disruptionController } from "./controller.ts";

const DRIFTED = "2025-12-31T00:00:00Z";
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function started(): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool();
}

const tainted = async (...names: readonly string[]): Promise<readonly boolean[]> =>
  await Promise.all(names.map((name) => cluster.isTainted(name)));
const log = () =>
  cluster.harness.logger.lines.filter(({ message }) => message === "disrupting node(s)").map(({ fields }) => fields);
const verdicts = () => cluster.harness.deps.decisions.judgements().map(({ node, verdict }) => `${node} ${verdict}`);

describe("beside a command that waits", () => {
  it("DX-22: drift does not wait for the validation of an empty node", async () => {
    await started();
    await cluster.machine("n1", { pod: null });
    await cluster.machine("n2", { drifted: DRIFTED });
    await cluster.start();
    await cluster.harness.pass(3000);
    expect(await tainted("n1", "n2")).toEqual([false, true]);
    expect(await cluster.replacements()).toHaveLength(1);
    await cluster.harness.pass(15_000);
    expect(await cluster.has("n1")).toBe(false);
  });

  it("DX-22: a second node goes at the same time, when both find room elsewhere", async () => {
    await started();
    for (const name of ["n1", "n2"]) await cluster.machine(name, { type: "m.2", pod: { requests: { cpu: "500m" } } });
    await cluster.machine("b1", { type: "m.2", pool: "default", pod: { requests: { cpu: "1" } } });
    await cluster.start();
    await cluster.harness.pass(18_000);
    // The pods of both fit on the third one: one command for two, or two for one each.
    expect(log().reduce((sum, fields) => sum + Number(fields["disrupted-node-count"]), 0)).toBe(2);
    expect((await cluster.claims()).length).toBe(1);
  });

  it("DX-22, D-39: a budget counts the nodes of a command that waits", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ budgets: [{ nodes: "1" }] });
    await cluster.machine("n1", { pod: null });
    await cluster.machine("n2", { drifted: DRIFTED });
    await cluster.machine("n3");
    await cluster.start();
    await cluster.harness.pass(14_000);
    expect(await tainted("n1", "n2", "n3")).toEqual([false, false, false]);
    expect(verdicts()).toEqual(["n1 InCommand", "n2 Budget", "n3 Budget"]);
    await cluster.harness.pass(3500);
    expect(await cluster.has("n1")).toBe(false);
  });

  it("DX-22: nodes of a command that waits take no pods of another one", async () => {
    await started();
    // n1 is empty and would have room for the pod of n2.
    await cluster.machine("n1", { pod: null });
    await cluster.machine("n2", { drifted: DRIFTED });
    await cluster.start();
    await cluster.harness.pass(3000);
    expect(log()).toMatchObject([{ method: "drift", decision: "replace" }]);
  });
});

describe("drift of several nodes", () => {
  it("DX-32: each is planned on top of the one before; ten at a time are under way to their order", async () => {
    await started();
    for (let i = 10; i < 24; i++) await cluster.machine(`n${i}`, { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.start();
    await cluster.harness.pass(1500);
    expect((await tainted(...Array.from({ length: 14 }, (_, i) => `n${i + 10}`))).filter(Boolean)).toHaveLength(10);
    await cluster.harness.pass(4000);
    expect(await cluster.replacements()).toHaveLength(14);
  });

  it("DX-32: a node that pods of another were planned onto is not chosen, and has not failed either", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ consolidateAfter: "Never" });
    for (const name of ["n1", "n2"]) await cluster.machine(name, { drifted: DRIFTED });
    await cluster.machine("n3");
    await cluster.start();
    await cluster.harness.pass(2000);
    expect(await tainted("n1", "n2")).toEqual([true, false]);
    expect(verdicts()).toContain("n2 Nominated");
    await cluster.harness.pass(60_000);
    expect((await cluster.claims()).map(({ metadata }) => metadata.name)).toEqual(["n3"]);
  });

  it("DT-29: a budget of 3 lets exactly three of ten go, and one more when two are under way already", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ budgets: [{ nodes: "3" }] });
    for (let i = 10; i < 20; i++) await cluster.machine(`n${i}`, { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.start();
    await cluster.harness.pass(60_000);
    expect(await cluster.replacements()).toHaveLength(3);
    const [first] = await cluster.replacements();
    await cluster.works(first?.metadata.name ?? "");
    await cluster.harness.pass(1100);
    await podsMove(cluster.harness);
    await cluster.harness.pass(20_000);
    expect(await cluster.replacements()).toHaveLength(4);
  });

  it("DX-32: the pools take turns", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ budgets: [{ nodes: "100%" }] });
    await cluster.pool({ budgets: [{ nodes: "100%" }] }, "other");
    for (let i = 10; i < 22; i++) await cluster.machine(`n${i}`, { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    // Drifted later than all of the other pool.
    await cluster.machine("o1", { pool: "other", drifted: "2025-12-31T12:00:00Z", pod: { requests: { cpu: "6" } } });
    await cluster.start();
    await cluster.harness.pass(500);
    expect(await tainted("n10", "o1", "n21")).toEqual([true, true, false]);
  });

  it("DT-105: pods that are on their way already get no second machine, in ten replacements one after the other", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ budgets: [{ nodes: "1" }] });
    for (let i = 10; i < 20; i++) await cluster.machine(`n${i}`, { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.start(provisioningController(cluster.harness.deps));
    const ordered = new Set<string>();
    for (let round = 0; round < 12; round++) {
      await cluster.harness.pass(15_000);
      for (const { metadata } of await cluster.replacements()) ordered.add(metadata.name ?? "");
      await cluster.replacementsWork();
      await cluster.harness.pass(1100);
      await podsMove(cluster.harness);
    }
    const { items } = await cluster.harness.kube.list(NodeClaims);
    expect([ordered.size, items.length]).toEqual([10, 10]);
  });
});

describe("after a failure", () => {
  it("DX-31: the pool's drifted nodes rest, the verdict says until when, and other pools go on", async () => {
    const metrics = new PromMetrics();
    cluster = new DisruptableCluster({ metrics });
    await cluster.pool({ budgets: [{ nodes: "1" }] });
    await cluster.pool({ budgets: [{ nodes: "1" }] }, "other");
    for (const name of ["n1", "n2"]) await cluster.machine(name, { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.machine("o1", { pool: "other", drifted: "2025-12-31T12:00:00Z", pod: { requests: { cpu: "6" } } });
    let refused = 0;
    cluster.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "create" || resource.kind !== "NodeClaim" || refused > 0) return;
      refused++;
      throw new KubeError(403, "Forbidden", "quota");
    };
    await cluster.start();
    await cluster.harness.pass(40_000);
    expect(await tainted("n1", "n2", "o1")).toEqual([false, false, true]);
    expect(verdicts()).toEqual(["n1 Backoff", "n2 Backoff", "o1 InCommand", expect.stringContaining("NotInitialized")]);
    const [, second] = cluster.harness.deps.decisions.judgements();
    expect(second?.detail).toMatch(
      /^the last replacement for its NodePool failed \(.*quota.*\); it is looked at again at 2026-/,
    );
    expect(second?.until).toBeDefined();
    expect(await metrics.render()).toMatch(/^kmc_nodepools_drift_backoff_seconds\{nodepool="default"\} 45$/m);
    await cluster.harness.pass(20_000);
    // The one that failed goes behind its equal.
    expect(await tainted("n1", "n2")).toEqual([false, true]);
  });

  it("DX-35: what works when its command is given up stays for a while, also when it is empty", async () => {
    await started();
    await cluster.machine("n1", { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.machine("n2", { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.start();
    await cluster.harness.pass(5000);
    const [first, second] = await cluster.replacements();
    // Node n1 becomes protected, so its command is given up with a replacement that works.
    const body = { metadata: { annotations: { "karpenter.sh/do-not-disrupt": "true" } } };
    for (const name of ["n1", "n2"]) await cluster.harness.kube.patch(Nodes, { name }, { type: "merge", body });
    for (const claim of [first, second]) await cluster.works(claim?.metadata.name ?? "");
    await cluster.harness.pass(30_000);
    expect(await tainted("n1", "n2")).toEqual([false, false]);
    expect(await cluster.replacements()).toHaveLength(2);
    expect(verdicts().filter((text) => text.endsWith("Backoff"))).toHaveLength(2);
  });

  it("DX-35, DX-43: machines that are known to take twelve minutes are waited for twice as long", async () => {
    await started();
    await cluster.machine("n1", { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    const { deps, clock } = cluster.harness;
    const machines = new LearnedMachines(() => clock.now());
    const boot = { at: clock.now(), toRegistered: minutes(5), toInitialized: minutes(12) };
    machines.booted(kindOfMachine(TEST_CLASS, "m.8"), boot);
    await cluster.harness.start(disruptionController({ ...deps, learned: { machines } }));
    await cluster.harness.pass(5000);
    const [replacement] = await cluster.replacements();
    const name = replacement?.metadata.name ?? "";
    const body = { metadata: { labels: { [Label.InstanceType]: "m.8" } } };
    await cluster.harness.kube.patch(NodeClaims, { name }, { type: "merge", body });
    await cluster.harness.pass(23 * 60_000);
    expect([await cluster.isTainted("n1"), await cluster.has(name)]).toEqual([true, true]);
    await cluster.harness.pass(90_000);
    expect([await cluster.isTainted("n1"), await cluster.has(name)]).toEqual([false, false]);
  });
});
