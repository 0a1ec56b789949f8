// Every metric there is: name, type, help, labels. A name that is not here does not exist; the reference page is made from this list.

import { DISRUPTION_METRICS } from "./disruption-metrics.ts";
import { GAP_BUCKETS, LIFETIME_BUCKETS, RECONCILE_BUCKETS, growingBuckets } from "./metric-buckets.ts";
import { QUANTILES, type MetricDefinition } from "./metric-definition.ts";
import { OBJECT_METRICS } from "./object-metrics.ts";
import { SCHEDULING_METRICS } from "./scheduling-metrics.ts";
import type { ConditionMetricName } from "./condition-metrics.ts";
import type { ProviderMetricName } from "./metric-definition.ts";

const DISRUPTED = ["reason", "nodepool", "capacity_type", "consolidation_policy", "termination_mode"] as const;
const QUEUE = ["name", "controller"] as const;
const QUEUE_BUCKETS = growingBuckets(1e-8, 10, 12);

const NODE_CLAIM_METRICS = [
  {
    name: "karpenter_build_info",
    type: "gauge",
    help: "Always 1; the labels tell what is running. goversion carries the Node.js version.",
    labels: ["version", "goversion", "goarch", "commit"],
  },
  {
    name: "karpenter_nodeclaims_created_total",
    type: "counter",
    help: "NodeClaims created, by reason and NodePool.",
    labels: ["reason", "nodepool", "min_values_relaxed"],
  },
  {
    name: "karpenter_nodeclaims_terminated_total",
    type: "counter",
    help: "NodeClaims whose finalizer was removed.",
    labels: ["nodepool", "capacity_type", "zone"],
  },
  {
    name: "karpenter_nodeclaims_disrupted_total",
    type: "counter",
    help: "NodeClaims deleted by the controller, by reason.",
    labels: DISRUPTED,
  },
  {
    name: "karpenter_nodeclaims_unhealthy_disrupted_total",
    type: "counter",
    help: "NodeClaims deleted because their node stayed unhealthy, by the condition that said so.",
    labels: ["condition", "nodepool", "capacity_type", "image_id"],
  },
  {
    name: "karpenter_pods_disruption_initiated_total",
    type: "counter",
    help: "Pods that have to move because their node is disrupted.",
    labels: DISRUPTED,
  },
  {
    name: "karpenter_nodeclaims_termination_duration_seconds",
    type: "histogram",
    help: "From the deletion of a NodeClaim to the removal of its finalizer.",
    labels: ["nodepool"],
    buckets: growingBuckets(1, 2, 12),
  },
  {
    name: "karpenter_nodeclaims_instance_termination_duration_seconds",
    type: "histogram",
    help: "From the first request to delete a machine to its disappearance.",
    labels: ["nodepool"],
    buckets: growingBuckets(1, 2, 11),
  },
] as const satisfies readonly MetricDefinition[];

const NODE_METRICS = [
  {
    name: "karpenter_nodes_created_total",
    type: "counter",
    help: "Nodes that registered.",
    labels: ["nodepool", "zone"],
  },
  {
    name: "karpenter_nodes_terminated_total",
    type: "counter",
    help: "Nodes whose finalizer was removed.",
    labels: ["nodepool", "zone"],
  },
  {
    name: "karpenter_nodes_termination_duration_seconds",
    type: "summary",
    help: "From the deletion of a Node to the removal of its finalizer.",
    labels: ["nodepool"],
    quantiles: QUANTILES,
  },
  {
    name: "karpenter_nodes_lifetime_duration_seconds",
    type: "histogram",
    help: "Age of nodes when they were terminated.",
    labels: ["nodepool"],
    buckets: LIFETIME_BUCKETS,
  },
  {
    name: "karpenter_nodes_drained_total",
    type: "counter",
    help: "Nodes that were drained completely.",
    labels: ["nodepool"],
  },
  {
    name: "karpenter_pods_eviction_requests_total",
    type: "counter",
    help: "Eviction requests, by the status code of the answer.",
    labels: ["code"],
  },
  {
    name: "karpenter_pods_drained_total",
    type: "counter",
    help: "Pods that left a node because it was drained, by reason.",
    labels: ["reason"],
  },
] as const satisfies readonly MetricDefinition[];

const RUNTIME_METRICS = [
  {
    name: "kmc_event_loop_gap_seconds",
    type: "histogram",
    help: "Times of more than 10 ms in which the process did nothing else, by its own work; CPU that others took does not count.",
    labels: [],
    buckets: GAP_BUCKETS,
  },
  {
    name: "controller_runtime_reconcile_total",
    type: "counter",
    help: "Reconciles by result: success, error, requeue, requeue_after.",
    labels: ["controller", "result"],
  },
  {
    name: "controller_runtime_reconcile_errors_total",
    type: "counter",
    help: "Reconciles that failed.",
    labels: ["controller"],
  },
  {
    name: "controller_runtime_terminal_reconcile_errors_total",
    type: "counter",
    help: "Reconciles that failed in a way that repeating does not cure.",
    labels: ["controller"],
  },
  {
    name: "controller_runtime_reconcile_panics_total",
    type: "counter",
    help: "Reconciles that threw something that is no Error.",
    labels: ["controller"],
  },
  {
    name: "controller_runtime_reconcile_timeouts_total",
    type: "counter",
    help: "Reconciles that exceeded their time limit.",
    labels: ["controller"],
  },
  {
    name: "controller_runtime_reconcile_time_seconds",
    type: "histogram",
    help: "Duration of reconciles.",
    labels: ["controller"],
    buckets: RECONCILE_BUCKETS,
  },
  {
    name: "controller_runtime_max_concurrent_reconciles",
    type: "gauge",
    help: "Keys of a controller that may run at once.",
    labels: ["controller"],
  },
  {
    name: "controller_runtime_active_workers",
    type: "gauge",
    help: "Keys of a controller that run now.",
    labels: ["controller"],
  },
  {
    name: "workqueue_depth",
    type: "gauge",
    help: "Keys that are ready to run, by priority.",
    labels: [...QUEUE, "priority"],
  },
  { name: "workqueue_adds_total", type: "counter", help: "Keys that became ready to run.", labels: QUEUE },
  {
    name: "workqueue_retries_total",
    type: "counter",
    help: "Keys that were added again with back-off.",
    labels: QUEUE,
  },
  {
    name: "workqueue_queue_duration_seconds",
    type: "histogram",
    help: "How long keys were ready before they ran.",
    labels: QUEUE,
    buckets: QUEUE_BUCKETS,
  },
  {
    name: "workqueue_work_duration_seconds",
    type: "histogram",
    help: "How long keys ran.",
    labels: QUEUE,
    buckets: QUEUE_BUCKETS,
  },
  {
    name: "workqueue_unfinished_work_seconds",
    type: "gauge",
    help: "Time spent so far in runs that have not ended.",
    labels: QUEUE,
  },
  {
    name: "workqueue_longest_running_processor_seconds",
    type: "gauge",
    help: "Time spent so far in the longest run that has not ended.",
    labels: QUEUE,
  },
  {
    name: "kmc_reconcile_conflicts_total",
    type: "counter",
    help: "Reconciles repeated because someone else had written the object first.",
    labels: ["controller"],
  },
] as const satisfies readonly MetricDefinition[];

const CLIENT_METRICS = [
  {
    name: "leader_election_master_status",
    type: "gauge",
    help: "1 while this process holds the lease, else 0.",
    labels: ["name"],
  },
  {
    name: "leader_election_slowpath_total",
    type: "counter",
    help: "Lease renewals that had to read the lease again.",
    labels: ["name"],
  },
  {
    name: "client_go_request_total",
    type: "counter",
    help: "Requests to the API server.",
    labels: ["code", "method"],
  },
  {
    name: "client_go_request_duration_seconds",
    type: "histogram",
    help: "Duration of requests to the API server.",
    labels: ["verb", "group", "version", "kind", "subresource"],
    buckets: growingBuckets(0.001, 1.5, 20),
  },
  {
    name: "rest_client_requests_total",
    type: "counter",
    help: "Requests to the API server, by host.",
    labels: ["code", "method", "host"],
  },
  {
    name: "kmc_clock_offset_seconds",
    type: "gauge",
    help: "How far this machine's clock is ahead of the API server's, by which decisions are made; absent until measured.",
    labels: [],
  },
  {
    name: "karpenter_watch_restarts_total",
    type: "counter",
    help: "Watches begun again, by reason: expired, closed, error, stalled, asked (for a list, because it kept something back).",
    labels: ["resource", "reason"],
  },
  {
    name: "karpenter_watch_last_event_age_seconds",
    type: "gauge",
    help: "Time since a watch last delivered anything.",
    labels: ["resource"],
  },
  {
    name: "kmc_cache_relists_total",
    type: "counter",
    help: "Full lists after the first, because a watch could not be resumed.",
    labels: ["resource"],
  },
  {
    name: "kmc_cache_overlays_expired_total",
    type: "counter",
    help: "Own writes that the watch has not delivered within a minute.",
    labels: ["resource"],
  },
  {
    name: "kmc_cache_handler_errors_total",
    type: "counter",
    help: "Change handlers that threw.",
    labels: ["resource"],
  },
  {
    name: "kmc_events_dropped_total",
    type: "counter",
    help: "Kubernetes Events not written, by reason: buffer, spam, failed.",
    labels: ["reason"],
  },
] as const satisfies readonly MetricDefinition[];

export const METRICS = [
  ...NODE_CLAIM_METRICS,
  ...NODE_METRICS,
  ...SCHEDULING_METRICS,
  ...DISRUPTION_METRICS,
  ...RUNTIME_METRICS,
  ...CLIENT_METRICS,
  ...OBJECT_METRICS,
] as const satisfies readonly MetricDefinition[];

export type MetricName = (typeof METRICS)[number]["name"] | ConditionMetricName | ProviderMetricName;
