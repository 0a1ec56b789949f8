// DX-33: at most so many nodes per hour, besides the budgets.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, NodePools } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { hourlyLimitOf } from "../../disruption/index.ts";
import { aNodePool } from "../../testing/builders/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { replaceBeforePatch } from "../../testing/namesake.ts";
import { StartedNodes } from "./started-nodes.ts";

let cluster: DisruptableCluster | undefined;
afterEach(() => cluster?.harness.stop());

async function empty(limit: string, nodes = 5): Promise<DisruptableCluster> {
  const made = new DisruptableCluster();
  cluster = made;
  await made.pool();
  const body = { metadata: { annotations: { [Annotation.DisruptionsPerHour]: limit } } };
  await made.harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
  for (let i = 0; i < nodes; i++) await made.machine(`n${i}`, { pod: null });
  await made.start();
  return made;
}

describe("the hourly limit", () => {
  it("DX-33: lets so many go, says when the next one may, and then lets it", async () => {
    const made = await empty("2");
    await made.harness.pass(60_000);
    expect(await made.claims()).toHaveLength(3);
    const [verdict] = made.harness.deps.decisions.judgements();
    expect(verdict).toMatchObject({ verdict: "Budget", until: Date.UTC(2026, 0, 1, 1, 0, 17) });
    expect(verdict?.detail).toContain("allows 2 disruptions per hour");
    await made.harness.pass(3_600_000);
    expect(await made.claims()).toHaveLength(1);
  });

  it("DX-33: a restart does not begin to count anew", async () => {
    const made = await empty("2");
    await made.harness.pass(60_000);
    made.harness.stop();
    const next = new DisruptableCluster({ after: made.harness });
    cluster = next;
    await next.start();
    await next.harness.pass(3_400_000);
    expect(await next.claims()).toHaveLength(3);
    await next.harness.pass(300_000);
    expect(await next.claims()).toHaveLength(1);
  });

  it("DX-33: an empty node that could not be deleted has not gone, and may go later in the hour", async () => {
    const made = await empty("1", 1);
    let refused = 0;
    made.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "delete" || resource.kind !== "NodeClaim" || refused++ > 0) return;
      throw new KubeError(500, "InternalError", "etcd is busy");
    };
    await made.harness.pass(90_000);
    expect([refused > 1, await made.has("n0")]).toEqual([true, false]);
  });

  it("DX-33: a drifted node whose command could not be written down has not gone, and another one may go", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    const body = { metadata: { annotations: { [Annotation.DisruptionsPerHour]: "1" } } };
    await cluster.harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    for (const name of ["n1", "n2"])
      await cluster.machine(name, { drifted: "2025-12-31T00:00:00Z", pod: { requests: { cpu: "6" } } });
    cluster.harness.kube.faults = ({ phase, verb, resource, key }) => {
      if (phase === "before" && verb === "patch" && resource.kind === "NodeClaim" && key?.name === "n1")
        throw new KubeError(403, "Forbidden", "a webhook said no");
    };
    await cluster.start();
    await cluster.harness.pass(60_000);
    expect([await cluster.isTainted("n1"), await cluster.isTainted("n2")]).toEqual([false, true]);
  });

  it("DX-33: a node whose command was given up while its replacement booted has not gone, and another one may go", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ consolidateAfter: "Never" });
    const limit = { metadata: { annotations: { [Annotation.DisruptionsPerHour]: "1" } } };
    await cluster.harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: limit });
    for (const name of ["n1", "n2"])
      await cluster.machine(name, { drifted: "2025-12-31T00:00:00Z", pod: { requests: { cpu: "6" } } });
    await cluster.start();
    await cluster.harness.pass(3000);
    expect([await cluster.isTainted("n1"), await cluster.isTainted("n2")]).toEqual([true, false]);
    expect(await cluster.replacements()).toHaveLength(1);
    const { status } = await cluster.harness.kube.get(NodeClaims, { name: "n1" });
    const conditions = (status?.conditions ?? []).filter(({ type }) => type !== "Drifted");
    const body = { status: { conditions } };
    await cluster.harness.kube.patchStatus(NodeClaims, { name: "n1" }, { type: "merge", body });
    await cluster.harness.pass(60_000);
    expect([await cluster.isTainted("n1"), await cluster.isTainted("n2")]).toEqual([false, true]);
  });

  it("DX-33: what cannot be written down does not go, and counts once when it goes later", async () => {
    const made = await empty("2");
    made.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "patch" && resource.kind === "NodePool")
        throw new KubeError(500, "InternalError", "no");
    };
    await made.harness.pass(60_000);
    expect(await made.claims()).toHaveLength(5);
    made.harness.kube.faults = undefined;
    await made.harness.pass(60_000);
    expect(await made.claims()).toHaveLength(3);
  });

  it("RT-15, DX-33: a pool that takes the place of the one whose node goes is not charged with it", async () => {
    cluster = new DisruptableCluster();
    const { harness } = cluster;
    await cluster.pool();
    const annotations = { [Annotation.DisruptionsPerHour]: "2" };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: { metadata: { annotations } } });
    await harness.start();
    const pool = aNodePool();
    const namesake = { ...pool, metadata: { ...pool.metadata, annotations } };
    const seen = replaceBeforePatch(harness, NodePools, namesake);
    const { signal } = new AbortController();
    const started = new StartedNodes(harness.deps).started([{ name: "n1", nodePool: "default" }], "Drifted", signal);
    await expect(started).rejects.toMatchObject({ code: 409 });
    expect(seen).toEqual({ came: true, patched: false });
    expect((await harness.stored(NodePools, { name: "default" }))?.metadata.annotations).toEqual(annotations);
  });

  it("DX-33: what was written by somebody else counts for nothing; where nothing is limited nothing is written", async () => {
    const made = await empty("2");
    const body = { metadata: { annotations: { [Annotation.DisruptionsStarted]: '{"Empty":["x"],"Drifted":7}' } } };
    await made.harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await made.harness.pass(60_000);
    expect(await made.claims()).toHaveLength(3);
    made.harness.stop();
    const free = new DisruptableCluster();
    cluster = free;
    await free.pool();
    await free.machine("n1", { pod: null });
    await free.start();
    await free.harness.pass(60_000);
    expect(await free.claims()).toEqual([]);
    expect((await free.harness.stored(NodePools, { name: "default" }))?.metadata.annotations).toBeUndefined();
  });

  it("DX-33: another reason has a limit of its own", async () => {
    const made = await empty("Drifted=0");
    await made.harness.pass(20_000);
    expect(await made.claims()).toEqual([]);
  });

  it("DX-33: what cannot be read lets none go, and is an error in the log", async () => {
    const made = await empty("many");
    await made.harness.pass(60_000);
    expect(await made.claims()).toHaveLength(5);
    const message = "an hourly limit cannot be read, nothing of the nodepool is disrupted";
    expect(made.harness.logger.messages("error").filter((text) => text === message)).toHaveLength(1);
  });

  describe("told to what is decided", () => {
    const MINUTE = 60_000;
    const { signal } = new AbortController();

    /** One node every ten minutes, within a limit that is written anew afterwards. */
    async function afterStarts(count: number, limit: string): Promise<StartedNodes> {
      cluster = new DisruptableCluster();
      const { harness } = cluster;
      await cluster.pool();
      const write = async (text: string) =>
        await harness.kube.patch(
          NodePools,
          { name: "default" },
          { type: "merge", body: { metadata: { annotations: { [Annotation.DisruptionsPerHour]: text } } } },
        );
      await write("9");
      await harness.start();
      const started = new StartedNodes(harness.deps);
      for (let index = 0; index < count; index++) {
        await started.started([{ name: `n${index}`, nodePool: "default" }], "Drifted", signal);
        await harness.pass(10 * MINUTE);
      }
      await write(limit);
      await harness.pass(0);
      return started;
    }

    it("DX-33: after more went than a lower limit allows, the next one may when enough of them are an hour ago", async () => {
      const started = await afterStarts(3, "2");
      const began = (cluster?.harness.clock.now() ?? 0) - 30 * MINUTE;
      expect(started.limits([]).get("default")?.Drifted).toEqual({ text: "2", left: 0, until: began + 70 * MINUTE });
      await cluster?.harness.pass(39 * MINUTE);
      expect(started.limits([]).get("default")?.Drifted?.left).toBe(0);
      await cluster?.harness.pass(MINUTE);
      expect(started.limits([]).get("default")?.Drifted?.left).toBe(1);
    });

    it("DX-33: what was chosen and has not begun to leave counts, in its pool and for its reason only", async () => {
      const started = await afterStarts(1, "3");
      const chosen = (pool: string, reason: "Drifted" | "Empty") => ({ pool, reason });
      const left = (...waiting: readonly ReturnType<typeof chosen>[]) =>
        started.limits(waiting).get("default")?.Drifted?.left;
      expect(left()).toBe(2);
      expect(left(chosen("default", "Drifted"), chosen("default", "Empty"), chosen("other", "Drifted"))).toBe(1);
      expect(left(...Array.from({ length: 5 }, () => chosen("default", "Drifted")))).toBe(0);
    });
  });

  it.each([
    ["5", 5],
    ["10%", 3],
    ["4,Drifted=50%", 4],
    ["4, Underutilized = 1", 1],
    ["Drifted=1", undefined],
  ])("DX-33: %j allows %s of 25 nodes to be underutilized", (text, most) => {
    const pool = aNodePool({});
    const annotated = {
      ...pool,
      metadata: { ...pool.metadata, annotations: { [Annotation.DisruptionsPerHour]: text } },
    };
    expect(hourlyLimitOf(annotated, "Underutilized", 25)?.most).toBe(most);
  });
});
