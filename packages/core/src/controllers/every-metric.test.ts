// A metric that is declared and never written is a promise that dashboards and alarms rely on in vain.

import { readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { Label, NodeClaims, NodePools, nodeClassLabel, Pods, toRfc3339 } from "../api/index.ts";
import { InsufficientCapacity, Transient } from "../provider/index.ts";
import { METRICS, PromMetrics, type MetricName, type Metrics } from "../telemetry/index.ts";
import { aDaemonSetPod, aNodePool, anInstanceType, anOffering, aPod, TEST_CLASS } from "../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS } from "../testing/controller-harness.ts";
import { allControllers } from "./all.ts";

/** What does not happen on an ordinary day, or not in the controllers: by the test that shows that it is written. */
const ELSEWHERE: Readonly<Record<string, readonly MetricName[]>> = {
  "../runtime/manager.test.ts": [
    "controller_runtime_terminal_reconcile_errors_total",
    "controller_runtime_reconcile_panics_total",
    "controller_runtime_reconcile_timeouts_total",
    "workqueue_unfinished_work_seconds",
    "workqueue_longest_running_processor_seconds",
    "kmc_reconcile_conflicts_total",
  ],
  "../kube/lease/lease-thread.test.ts": ["leader_election_master_status", "leader_election_slowpath_total"],
  "../kube/adapter/rest-client.test.ts": [
    "client_go_request_total",
    "client_go_request_duration_seconds",
    "rest_client_requests_total",
  ],
  "../kube/adapter/server-time.test.ts": ["kmc_clock_offset_seconds"],
  "../kube/mirror.test.ts": ["karpenter_watch_last_event_age_seconds", "kmc_cache_handler_errors_total"],
  "../kube/reflector.test.ts": ["kmc_cache_relists_total"],
  "../kube/own-writes.test.ts": ["kmc_cache_overlays_expired_total"],
  "../kube/events.test.ts": ["kmc_events_dropped_total"],
  "./node-health/controller.test.ts": [
    "karpenter_nodeclaims_unhealthy_disrupted_total",
    "kmc_node_repairs_skipped_total",
  ],
  "./disruption/replacing.test.ts": [
    "karpenter_voluntary_disruption_decisions_total",
    "karpenter_voluntary_disruption_decisions_by_nodepool_total",
    "karpenter_voluntary_disruption_failed_validations_total",
    "karpenter_voluntary_disruption_queue_failures_total",
    "karpenter_consolidation_score",
    "karpenter_consolidation_moves_total",
  ],
  "./disruption/command-metrics.test.ts": [
    "kmc_disruption_command_duration_seconds",
    "kmc_disruption_estimated_savings_total",
    "kmc_disruption_realised_savings_total",
    "kmc_disruption_pod_moves_total",
    "kmc_disruption_repeat_moves_total",
  ],
  "./disruption/side-by-side.test.ts": ["kmc_nodepools_drift_backoff_seconds"],
  "../../../controller/src/version.test.ts": ["karpenter_build_info"],
  "../../../controller/src/vitals/event-loop-gaps.test.ts": ["kmc_event_loop_gap_seconds"],
};

let harness: ControllerHarness;
afterEach(() => harness.stop());

/** Names that were written to, with every name and label checked as in the real process. */
function recorder(): { readonly metrics: Metrics; readonly written: Set<string> } {
  const prom = new PromMetrics();
  const written = new Set<string>();
  const metrics: Metrics = {
    count: (name, labels, value) => (written.add(name), prom.count(name, labels, value)),
    set: (name, labels, value) => (written.add(name), prom.set(name, labels, value)),
    remove: (name, labels) => prom.remove(name, labels),
    observe: (name, labels, value) => (written.add(name), prom.observe(name, labels, value)),
    hold: (name, object, series) => (series.length > 0 && written.add(name), prom.hold(name, object, series)),
    declare: (definition) => prom.declare(definition),
  };
  return { metrics, written };
}

/** A cluster with a day like any other: machines come and go, the cloud refuses some. */
async function aDay(metrics: Metrics): Promise<void> {
  const offerings = [anOffering({ price: 0.1 }), anOffering({ zone: "z2", price: null })];
  harness = new ControllerHarness({ metrics, types: [anInstanceType({ offerings })] });
  const { kube, provider, clock } = harness;
  await harness.putReadyClass();
  await harness.put(NodePools, aNodePool({ status: {}, limits: { cpu: "100" }, expireAfter: "30m" }));
  await harness.start(...allControllers(harness.deps, [TEST_NODE_CLASS]));
  provider.failures.create.push(new InsufficientCapacity("sold out"));
  await harness.putPod(aPod({ name: "web", requests: { cpu: "1" } }));
  // New pods keep the batch open for a while.
  for (let second = 0; second < 7; second++) {
    await harness.putPod(aPod({ name: `batch-${second}`, requests: { cpu: "100m" } }));
    await harness.pass(900);
  }
  await harness.pass(5 * 60_000);
  const [claim] = (await kube.list(NodeClaims)).items;
  const name = "node-1";
  await harness.putNode({
    name,
    nodePool: "",
    providerID: claim?.status?.providerID ?? "",
    labels: { [Label.Zone]: "test-zone-1", [nodeClassLabel(TEST_CLASS)]: "default" },
    taints: [{ key: "karpenter.sh/unregistered", effect: "NoExecute" }],
  });
  const web = { namespace: "default", name: "web" };
  await kube.bind(web, name);
  const since = toRfc3339(clock.now());
  const conditions = ["PodScheduled", "Ready"].map((type) => ({ type, status: "True", lastTransitionTime: since }));
  await kube.patchStatus(Pods, web, { type: "merge", body: { status: { phase: "Running", conditions } } });
  await harness.pass(60_000);
  const containers = [{ name: "agent", resources: { requests: { cpu: "10m" }, limits: { cpu: "20m" } } }];
  await harness.putPod(aDaemonSetPod({ name: "agent", nodeName: name, spec: { containers } }));
  // The pod that fits nowhere keeps the controller asking, in vain for ten minutes.
  provider.failures.types.push(...Array.from({ length: 240 }, () => new Transient("503")));
  await harness.putPod(aPod({ name: "too-big", requests: { cpu: "64" } }));
  provider.failures.delete.push(new Transient("503"));
  await harness.pass(40 * 60_000);
  await harness.podEnds(web);
  await harness.pass(10 * 60_000);
}

it("M-1 to M-45: each metric that is declared is written on an ordinary day, or where it is said", async () => {
  const { metrics, written } = recorder();
  await aDay(metrics);
  const elsewhere = new Set<string>(Object.values(ELSEWHERE).flat());
  const silent = METRICS.map(({ name }) => name).filter((name) => !written.has(name));
  expect(silent.filter((name) => !elsewhere.has(name))).toEqual([]);
});

it.each(Object.entries(ELSEWHERE))("%s names the metrics that are left to it", (file, names) => {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  expect(names.filter((name) => !text.includes(name))).toEqual([]);
});
