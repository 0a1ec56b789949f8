// DM-2 to DM-11, E-4 to E-9: what a command counts and tells, once each and under the right labels.

import { afterEach, describe, expect, it } from "vitest";
import { Nodes } from "../../api/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aPod } from "../../testing/builders/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { promSeries } from "../../testing/prom-series.ts";

let cluster: DisruptableCluster;
let metrics: PromMetrics;
afterEach(() => cluster.harness.stop());

function world(): void {
  metrics = new PromMetrics();
  cluster = new DisruptableCluster({ metrics });
}

const counted = async (name: string): Promise<readonly string[]> => promSeries(metrics, `karpenter_${name}`);
const told = (reason: string): readonly string[] =>
  cluster.harness.events.withReason(reason).map(({ type, resource, object }) => {
    return `${type} ${resource.kind}/${object.metadata.name}`;
  });

const EMPTY = 'reason="empty",consolidation_type="empty"';
const LABELS = 'capacity_type="on-demand",consolidation_policy="when_empty_or_underutilized"';

describe("what is counted of a command", () => {
  it("DT-30, DM-2, DM-3, DM-10, DM-11, E-9: an empty node, deleted without a replacement", async () => {
    world();
    await cluster.pool();
    await cluster.machine("n1", { pod: null });
    await cluster.start();
    await cluster.harness.pass(60_000);
    expect(await cluster.claims()).toEqual([]);
    expect(await counted("voluntary_disruption_decisions_total")).toEqual([`{decision="delete",${EMPTY}} 1`]);
    expect(await counted("voluntary_disruption_decisions_by_nodepool_total")).toEqual([
      `{nodepool="default",decision="delete",${EMPTY}} 1`,
    ]);
    const labels = `{reason="empty",nodepool="default",${LABELS},termination_mode="graceful"}`;
    expect(await counted("nodeclaims_disrupted_total")).toEqual([`${labels} 1`]);
    expect(await counted("pods_disruption_initiated_total")).toEqual([`${labels} 0`]);
    expect(told("DisruptionTerminating")).toEqual(["Normal Node/n1", "Normal NodeClaim/n1"]);
    // E-4, E-5, E-7: these are for what is consolidated or replaced.
    expect(["ConsolidationCandidate", "ConsolidationRejected", "DisruptionLaunching"].flatMap(told)).toEqual([]);
  });

  it("DM-3, DT-28: a command over two NodePools is one decision, and one of each pool", async () => {
    world();
    for (const pool of ["default", "other"]) await cluster.pool({}, pool);
    await cluster.machine("a1", { pod: null });
    await cluster.machine("a2", { pod: null });
    await cluster.machine("b1", { pod: null, pool: "other" });
    await cluster.start();
    await cluster.harness.pass(60_000);
    expect(await cluster.claims()).toEqual([]);
    expect(await counted("voluntary_disruption_decisions_total")).toEqual([`{decision="delete",${EMPTY}} 1`]);
    expect((await counted("voluntary_disruption_decisions_by_nodepool_total")).toSorted()).toEqual([
      `{nodepool="default",decision="delete",${EMPTY}} 1`,
      `{nodepool="other",decision="delete",${EMPTY}} 1`,
    ]);
    expect((await counted("nodeclaims_disrupted_total")).map((line) => line.split(" ")[1])).toEqual(["2", "1"]);
  });

  it("DM-2, DM-10, DM-11, E-4, E-7 to E-9: a dear node, replaced by a cheaper one", async () => {
    world();
    await cluster.pool();
    await cluster.machine("n1", { spec: { terminationGracePeriod: "5m" } });
    await cluster.start();
    await cluster.harness.pass(25_000);
    const [replacement] = await cluster.replacements();
    const name = replacement?.metadata.name;
    expect(name).toBeDefined();
    const type = 'reason="underutilized",consolidation_type="single"';
    expect(await counted("voluntary_disruption_decisions_total")).toEqual([`{decision="replace",${type}} 1`]);
    expect(await counted("nodeclaims_disrupted_total")).toEqual([]);
    expect(told("ConsolidationCandidate")).toEqual(["Normal Node/n1", "Normal NodeClaim/n1"]);
    expect(told("DisruptionLaunching")).toEqual([`Normal NodeClaim/${name}`]);
    expect(new Set(told("DisruptionWaitingReadiness"))).toEqual(new Set([`Normal NodeClaim/${name}`]));
    await cluster.replacementsWork();
    await cluster.harness.pass(5000);
    expect(await cluster.has("n1")).toBe(false);
    const labels = `{reason="underutilized",nodepool="default",${LABELS},termination_mode="eventual"}`;
    expect(await counted("nodeclaims_disrupted_total")).toEqual([`${labels} 1`]);
    expect(await counted("pods_disruption_initiated_total")).toEqual([`${labels} 1`]);
    expect(await counted("voluntary_disruption_decisions_total")).toEqual([`{decision="replace",${type}} 1`]);
    expect(told("DisruptionTerminating")).toEqual(["Normal Node/n1", "Normal NodeClaim/n1"]);
  });

  it("DM-9, DT-101: what was not Initialized is counted under the command's own labels, and nothing as disrupted", async () => {
    world();
    await cluster.pool({ consolidateAfter: "Never" });
    await cluster.machine("n1", { drifted: "2026-01-01T00:00:00Z" });
    await cluster.start();
    await cluster.harness.pass(15 * 60_000);
    expect(await cluster.has("n1")).toBe(true);
    expect(await counted("voluntary_disruption_queue_failures_total")).toEqual([
      '{decision="replace",reason="drifted",consolidation_type=""} 1',
    ]);
    expect(await counted("nodeclaims_disrupted_total")).toEqual([]);
    expect(told("DisruptionTerminating")).toEqual([]);
  });
});

describe("what is counted of a command that is not confirmed", () => {
  const failures = (): Promise<readonly string[]> => counted("voluntary_disruption_failed_validations_total");

  it("DT-35, DT-36, D-108: one of three empty nodes gets a pod, one is promised to pods: the promised one is counted, the third goes", async () => {
    world();
    await cluster.pool();
    for (const name of ["n1", "n2", "n3"]) await cluster.machine(name, { pod: null });
    await cluster.start();
    await cluster.harness.pass(10_000);
    await cluster.harness.putPod(aPod({ name: "web", nodeName: "n1", requests: { cpu: "7" } }));
    cluster.harness.deps.state.nominate("n2");
    await cluster.harness.pass(8000);
    expect((await cluster.claims()).map(({ metadata }) => metadata.name)).toEqual(["n1", "n2"]);
    expect(await failures()).toEqual(['{consolidation_type="empty"} 1']);
    expect((await counted("nodeclaims_disrupted_total")).map((line) => line.split(" ")[1])).toEqual(["1"]);
  });

  it("DT-35, DM-8: all three get pods: nothing happens, and three are counted", async () => {
    world();
    await cluster.pool();
    for (const name of ["n1", "n2", "n3"]) await cluster.machine(name, { pod: null });
    await cluster.start();
    await cluster.harness.pass(10_000);
    for (const nodeName of ["n1", "n2", "n3"]) {
      await cluster.harness.putPod(aPod({ name: nodeName, nodeName, requests: { cpu: "7" } }));
    }
    await cluster.harness.pass(8000);
    expect(await cluster.claims()).toHaveLength(3);
    expect((await cluster.harness.kube.list(Nodes)).items.flatMap(({ spec }) => spec?.taints ?? [])).toEqual([]);
    expect(await failures()).toEqual(['{consolidation_type="empty"} 3']);
    expect(await counted("voluntary_disruption_decisions_total")).toEqual([]);
    expect(told("ConsolidationRejected")).toEqual([]);
  });
});
