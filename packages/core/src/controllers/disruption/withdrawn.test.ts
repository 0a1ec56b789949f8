// What becomes of a command when nobody wants it any more: a NodePool was edited back, its consolidation switched off, its budgets closed.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, NodePools, type Budget, type Disruption } from "../../api/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";

const MINUTE = 60_000;
const DRIFTED = "2025-12-31T00:00:00Z";
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function stateOf(name: string): Promise<string> {
  if (!(await cluster.has(name))) return "gone";
  return (await cluster.isTainted(name)) ? "closed" : "open";
}

function lastVerdict(name: string): string {
  const all = cluster.harness.deps.decisions.list().filter(({ subject }) => subject === `Node ${name}`);
  return all.map(({ verdict, detail }) => `${verdict}: ${detail}`).findLast((text) => text.includes("kept: ")) ?? "";
}

async function edit(spec: Readonly<Record<string, unknown>>): Promise<void> {
  await cluster.harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: { spec } });
}

async function isDriftedNoMore(name: string): Promise<void> {
  const { status } = await cluster.harness.kube.get(NodeClaims, { name });
  const conditions = (status?.conditions ?? []).filter(({ type }) => type !== "Drifted");
  await cluster.harness.kube.patchStatus(NodeClaims, { name }, { type: "merge", body: { status: { conditions } } });
}

/** Its replacement boots. */
async function drifting(disruption: Disruption = {}): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool({ consolidateAfter: "Never", ...disruption });
  await cluster.machine("n1", { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
  await cluster.start();
  await cluster.harness.pass(3000);
  expect(await cluster.replacements()).toHaveLength(1);
}

/** Something cheaper is to take its place, and boots. */
async function consolidating(): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool();
  await cluster.machine("n1");
  await cluster.start();
  await cluster.harness.pass(20_000);
  expect(await cluster.replacements()).toHaveLength(1);
}

describe("a drifted node that is as it should be again", () => {
  it("D-67: stays, and its replacement, which nobody waits for, is given back at once", async () => {
    await drifting();
    await isDriftedNoMore("n1");
    await cluster.harness.pass(2000);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
    expect(lastVerdict("n1")).toBe("ValidationChurn: kept: it is not drifted any more");
    expect(cluster.harness.logger.messages("error")).toEqual([]);
    await cluster.harness.pass(10 * MINUTE);
    expect(await cluster.claims()).toHaveLength(1);
  });

  it("D-67: stays also when its replacement works by then", async () => {
    await drifting();
    await isDriftedNoMore("n1");
    await cluster.replacementsWork();
    await cluster.harness.pass(5000);
    expect([await stateOf("n1"), (await cluster.replacements()).length]).toEqual(["open", 1]);
  });

  it("DX-39: gets no replacement when that shows while it is being tainted", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ consolidateAfter: "Never" });
    await cluster.machine("n1", { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
    await cluster.start();
    await cluster.harness.pass(500);
    expect(await stateOf("n1")).toBe("closed");
    await isDriftedNoMore("n1");
    await cluster.harness.pass(3000);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
  });
});

describe("a replacement that is drifted itself before it is of use", () => {
  async function driftsItself(): Promise<void> {
    const [replacement] = await cluster.replacements();
    const { name = "" } = replacement?.metadata ?? {};
    const { status } = await cluster.harness.kube.get(NodeClaims, { name });
    const lastTransitionTime = new Date(cluster.harness.clock.now()).toISOString();
    const drift = { type: "Drifted", status: "True", reason: "NodePoolDrifted", message: "", lastTransitionTime };
    const body = { status: { conditions: [...(status?.conditions ?? []), drift] } };
    await cluster.harness.kube.patchStatus(NodeClaims, { name }, { type: "merge", body });
  }

  it("DX-20: moves no pods, which would have to move again at once, and another one is ordered later", async () => {
    await drifting();
    await driftsItself();
    await cluster.harness.pass(2000);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
    expect(lastVerdict("n1")).toMatch(
      /^Backoff: kept: its replacement default-\w+ has drifted itself: NodePoolDrifted$/,
    );
    await cluster.harness.pass(5 * MINUTE + 15_000);
    expect(await cluster.replacements()).toHaveLength(1);
    await cluster.replacementsWork();
    await cluster.harness.pass(2000);
    expect(await stateOf("n1")).toBe("gone");
  });

  it("DX-20: nor when it works by then", async () => {
    await consolidating();
    await cluster.replacementsWork();
    await driftsItself();
    await cluster.harness.pass(3000);
    expect(await stateOf("n1")).toBe("open");
  });
});

describe("consolidation that is switched off while the replacement boots", () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    [
      "consolidateAfter: Never",
      { disruption: { consolidateAfter: "Never" } },
      "ConsolidationDisabled: kept: NodePool default has consolidateAfter: Never",
    ],
    [
      "WhenEmpty",
      { disruption: { consolidationPolicy: "WhenEmpty" } },
      "PolicyWhenEmpty: kept: pods run on it, and NodePool default removes empty nodes only",
    ],
  ])("DX-23: %s: the node stays, and its replacement is given back", async (_, spec, why) => {
    await consolidating();
    await edit(spec);
    await cluster.harness.pass(2000);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
    expect(lastVerdict("n1")).toBe(why);
    await cluster.harness.pass(10 * MINUTE);
    expect(await cluster.claims()).toHaveLength(1);
  });
});

describe("budgets that allow none any more while the replacement boots", () => {
  const closed: readonly Budget[] = [{ nodes: "0" }];

  it("DX-39: a drifted node stays, and its replacement is given back", async () => {
    await drifting();
    await edit({ disruption: { budgets: closed } });
    await cluster.harness.pass(2000);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
    expect(lastVerdict("n1")).toBe('Budget: kept: budget nodes "0" of NodePool default allows none any more');
  });

  it("DX-39: so does a node that something cheaper was to replace", async () => {
    await consolidating();
    await edit({ disruption: { budgets: closed } });
    await cluster.harness.pass(2000);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
  });

  it("D-34: a schedule that begins meanwhile closes them too", async () => {
    // The clock begins on 2026-01-01 at midnight.
    const soon = { nodes: "0", schedule: "5 0 * * *", duration: "8h" };
    await drifting({ budgets: [{ nodes: "100%" }, soon] });
    await cluster.harness.pass(4 * MINUTE);
    expect(await stateOf("n1")).toBe("closed");
    await cluster.harness.pass(MINUTE);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
    await cluster.harness.pass(MINUTE);
    expect(await cluster.replacements()).toEqual([]);
  });

  it("D-33: one that cannot be read closes them all", async () => {
    await drifting();
    await edit({ disruption: { budgets: [{ nodes: "1", schedule: "0 0 * * 7", duration: "1h" }] } });
    await cluster.harness.pass(2000);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
    expect(lastVerdict("n1")).toMatch(/^BudgetInvalid: kept: /);
  });

  it("D-40: one for another reason, or one that is only smaller now, stops nothing that has begun", async () => {
    await drifting();
    await edit({ disruption: { budgets: [{ nodes: "0", reasons: ["Underutilized", "Empty"] }, { nodes: "1" }] } });
    await cluster.harness.pass(MINUTE);
    expect(await stateOf("n1")).toBe("closed");
    await cluster.replacementsWork();
    await cluster.harness.pass(2000);
    expect(await stateOf("n1")).toBe("gone");
  });

  it("DX-36: a command that a former process began is given up as well, and leaves no record", async () => {
    await drifting();
    cluster.harness.stop();
    await edit({ disruption: { budgets: closed } });
    cluster = new DisruptableCluster({ after: cluster.harness });
    await cluster.start();
    await cluster.harness.pass(5000);
    expect([await stateOf("n1"), await cluster.replacements()]).toEqual(["open", []]);
    const { metadata } = await cluster.harness.kube.get(NodeClaims, { name: "n1" });
    expect(metadata.annotations?.[Annotation.DisruptionCommand]).toBeUndefined();
  });
});

describe("what is said of a command that is given up", () => {
  it("D-184: the log says so and why, and which nodes are open again", async () => {
    await drifting();
    await edit({ disruption: { budgets: [{ nodes: "0" }] } });
    await cluster.harness.pass(2000);
    const given = cluster.harness.logger.find("disruption command given up, its nodes stay");
    expect(given?.fields).toMatchObject({ nodes: ["n1"], why: expect.stringContaining("allows none") as unknown });
    expect(cluster.harness.logger.find("untainted node")?.fields).toMatchObject({ Node: "n1" });
  });
});
