// DX-36, DX-40: a command survives the end of the process, whatever it was doing.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, Pods, type NodeClaim } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { provisioningController } from "../provisioning/controller.ts";

const DRIFTED = "2025-12-31T00:00:00Z";
const WRITES: ReadonlySet<string> = new Set(["create", "patch", "patchStatus", "delete"]);
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function drifted(...names: readonly string[]): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool();
  for (const name of names) await cluster.machine(name, { drifted: DRIFTED, pod: { requests: { cpu: "6" } } });
  await cluster.start();
}

/** The process ends, and another one takes its place. */
async function restart(metrics = new PromMetrics()): Promise<PromMetrics> {
  cluster.harness.stop();
  cluster.harness.kube.faults = undefined;
  cluster = new DisruptableCluster({ after: cluster.harness, metrics });
  await cluster.start(provisioningController(cluster.harness.deps));
  return metrics;
}

function record(claim: NodeClaim | undefined): string | undefined {
  return claim?.metadata.annotations?.[Annotation.DisruptionCommand];
}

describe("a restart while the replacement starts", () => {
  it("DX-36: the same command goes on: nothing is ordered again, and the node goes when its replacement works", async () => {
    await drifted("n1");
    await cluster.harness.pass(5000);
    const [replacement] = await cluster.replacements();
    const [id] = Object.values(replacement?.metadata.annotations ?? {}).filter((value) => value.startsWith("8888"));
    const written = record(await cluster.harness.stored(NodeClaims, { name: "n1" }));
    expect(JSON.parse(written ?? "")).toMatchObject({
      id,
      method: "drift",
      reason: "Drifted",
      replacements: 1,
      claims: ["n1"],
    });
    const metrics = await restart();
    await cluster.harness.pass(60_000);
    expect([(await cluster.replacements()).length, await cluster.isTainted("n1")]).toEqual([1, true]);
    expect(cluster.harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(true);
    await cluster.replacementsWork();
    await cluster.harness.pass(1500);
    expect([await cluster.has("n1"), (await cluster.claims()).length]).toEqual([false, 1]);
    expect(await metrics.render()).toMatch(/karpenter_nodeclaims_disrupted_total\{[^}]*reason="drifted"[^}]*\} 1\n/);
  });

  it("DX-36: the time before the restart counts: it is given up when it takes too long", async () => {
    await drifted("n1");
    await cluster.harness.pass(9 * 60_000);
    await restart();
    await cluster.harness.pass(90_000);
    expect([await cluster.has("n1"), await cluster.isTainted("n1")]).toEqual([true, false]);
    expect(record(await cluster.harness.stored(NodeClaims, { name: "n1" }))).toBeUndefined();
  });

  it("DX-36: a pod that is protected by now keeps the node, as it would have without a restart", async () => {
    await drifted("n1");
    await cluster.harness.pass(5000);
    await restart();
    const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: "true" } } };
    await cluster.harness.kube.patch(Pods, { namespace: "default", name: "web-n1" }, { type: "merge", body });
    await cluster.replacementsWork();
    await cluster.harness.pass(5000);
    expect([await cluster.has("n1"), await cluster.isTainted("n1")]).toEqual([true, false]);
  });

  it.each([
    "not json",
    "{}",
    '{"id":"x","method":"magic","created":"2026-01-01T00:00:00Z","claims":[],"replacements":1}',
  ])("DX-36: a record that is none (%s) is taken away, and its node is open again", async (text) => {
    cluster = new DisruptableCluster();
    await cluster.pool({ consolidateAfter: "Never" });
    await cluster.machine("n1");
    const body = { metadata: { annotations: { [Annotation.DisruptionCommand]: text } } };
    await cluster.harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body });
    await cluster.start();
    await cluster.harness.pass(1000);
    expect(record(await cluster.harness.stored(NodeClaims, { name: "n1" }))).toBeUndefined();
  });

  it("DX-36: when less was ordered than the record says, the command is given up, and what was ordered goes", async () => {
    await drifted("n1");
    await cluster.harness.pass(5000);
    const claim = await cluster.harness.stored(NodeClaims, { name: "n1" });
    const text = JSON.stringify({ ...(JSON.parse(record(claim) ?? "") as object), replacements: 2 });
    const body = { metadata: { annotations: { [Annotation.DisruptionCommand]: text } } };
    await cluster.harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body });
    const [before] = await cluster.replacements();
    await restart();
    await cluster.harness.pass(5000);
    expect(await cluster.has(before?.metadata.name ?? "")).toBe(false);
    expect((await cluster.replacements()).length).toBeLessThanOrEqual(1);
  });
});

describe("a restart when somebody else has deleted the node", () => {
  async function leaving(): Promise<void> {
    await drifted("n1");
    const body = { metadata: { finalizers: ["karpenter.sh/termination"] } };
    await cluster.harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body });
    await cluster.harness.pass(5000);
    await cluster.harness.kube.delete(NodeClaims, { name: "n1" });
    await cluster.harness.pass(2000);
  }

  it("DX-36, DX-40: its pods drain, and the machine that boots for them is kept", async () => {
    await leaving();
    const before = (await cluster.replacements()).map(({ metadata }) => metadata.name);
    expect(before).toHaveLength(1);
    await restart();
    await cluster.harness.pass(60_000);
    expect((await cluster.replacements()).map(({ metadata }) => metadata.name)).toEqual(before);
    await cluster.replacementsWork();
    await cluster.harness.pass(2000);
    expect(cluster.harness.deps.decisions.commands()).toMatchObject([{ outcome: "Done" }]);
  });

  it("DX-36: a command whose machine works by then is over, and is not told of again", async () => {
    await leaving();
    await cluster.replacementsWork();
    await cluster.harness.pass(2000);
    await restart();
    await cluster.harness.pass(5000);
    expect(cluster.harness.deps.decisions.commands()).toEqual([]);
    expect(await cluster.replacements()).toHaveLength(1);
  });
});

describe("the process ends at any write", () => {
  /** Answers whether the process came that far. */
  async function endsAt(crash: { readonly write: number; readonly phase: "before" | "after" }): Promise<boolean> {
    await drifted("n1", "n2");
    let writes = 0;
    let isDead = false;
    // What the cloud's side writes is not the process's.
    let isCloud = false;
    cluster.harness.kube.faults = ({ phase, verb }) => {
      if (!WRITES.has(verb) || isCloud) return;
      if (!isDead && phase === crash.phase && writes++ === crash.write) isDead = true;
      else if (!isDead) return;
      throw new KubeError(500, "InternalError", "the process has ended");
    };
    const hasEnded = (): boolean => isDead;
    for (let second = 0; second < 12 && !hasEnded(); second++) {
      await cluster.harness.pass(1000);
      isCloud = true;
      if (second === 8) await cluster.replacementsWork();
      isCloud = false;
    }
    if (!isDead) return false;
    // What a dead process would have tried again is not written either (D-114).
    await cluster.harness.pass(1000);
    await restart();
    const ordered = new Set<string>();
    for (let second = 0; second < 240; second++) {
      await cluster.harness.pass(1000);
      const now = await cluster.replacements();
      for (const { metadata } of now) ordered.add(metadata.name ?? "");
      // A machine for each of the two pods that need one of their own, never more.
      expect(now.length).toBeLessThanOrEqual(2);
      if (second % 20 === 19) await cluster.replacementsWork();
    }
    // Both are replaced in the end, and nothing is closed for nothing.
    expect([await cluster.has("n1"), await cluster.has("n2")]).toEqual([false, false]);
    for (const { metadata } of await cluster.claims()) expect(await cluster.isTainted(metadata.name ?? "")).toBe(false);
    return true;
  }

  it.each(["before", "after"] as const)("DX-40: %s it is done", async (phase) => {
    let write = 0;
    while (await endsAt({ write, phase })) {
      cluster.harness.stop();
      write++;
    }
    // Taints, conditions, records, orders and deletions of two nodes.
    expect(write).toBeGreaterThanOrEqual(10);
  });
});

describe("the process ends at any write of a command that only deletes", () => {
  const SMALL_POD = { requests: { cpu: "1" } };
  const SCENES = {
    /** Each empty node stands for itself. */
    emptiness: async () => {
      await cluster.pool();
      for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: null });
    },
    drift: async () => {
      await cluster.pool({ consolidateAfter: "Never" });
      for (const name of ["n1", "n2"]) await cluster.machine(name, { drifted: DRIFTED, pod: SMALL_POD });
      await cluster.machine("n3", { pod: SMALL_POD });
    },
    multi: async () => {
      await cluster.pool();
      for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: SMALL_POD });
      await cluster.machine("n3", { pod: { requests: { cpu: "6" } } });
    },
  } as const;
  const hasClaimAndTaint = async (name: string) => (await cluster.has(name)) && (await cluster.isTainted(name));

  async function endsAt(
    scene: keyof typeof SCENES,
    { write, phase }: { readonly write: number; readonly phase: "before" | "after" },
  ): Promise<boolean> {
    cluster = new DisruptableCluster();
    await SCENES[scene]();
    await cluster.start();
    let writes = 0;
    let isDead = false;
    cluster.harness.kube.faults = ({ phase: at, verb }) => {
      if (!WRITES.has(verb)) return;
      if (!isDead && at === phase && writes++ === write) isDead = true;
      else if (!isDead) return;
      throw new KubeError(500, "InternalError", "the process has ended");
    };
    const hasEnded = (): boolean => isDead;
    for (let second = 0; second < 60 && !hasEnded(); second++) await cluster.harness.pass(1000);
    expect(cluster.harness.logger.messages("info")).toContain("disrupting node(s)");
    if (!isDead) return false;
    // What a dead process would have tried again is not written either (D-114).
    await cluster.harness.pass(1000);
    await restart();
    await cluster.harness.pass(3000);
    // Nothing is chosen again so soon, so what was closed is open again or gone; drift does not wait.
    const closed = [await hasClaimAndTaint("n1"), await hasClaimAndTaint("n2")];
    expect(scene !== "drift" && closed.includes(true)).toBe(false);
    await cluster.harness.pass(4 * 60_000);
    // What was not done is found again and done; nothing was ordered for it, and nothing else is closed.
    expect((await cluster.claims()).map(({ metadata }) => metadata.name)).toEqual(scene === "emptiness" ? [] : ["n3"]);
    expect(await hasClaimAndTaint("n3")).toBe(false);
    return true;
  }

  it.each([
    ["emptiness", "before", 6],
    ["emptiness", "after", 6],
    ["drift", "before", 6],
    ["drift", "after", 6],
    ["multi", "before", 6],
    ["multi", "after", 6],
  ] as const)(
    "DX-36, DX-40: %s, %s it is done: nothing stays closed, and what is left is done later",
    async (scene, phase, writesAtLeast) => {
      let write = 0;
      while (await endsAt(scene, { write, phase })) {
        cluster.harness.stop();
        write++;
      }
      // A taint, a condition and a deletion of each of the two.
      expect(write).toBeGreaterThanOrEqual(writesAtLeast);
    },
  );
});
