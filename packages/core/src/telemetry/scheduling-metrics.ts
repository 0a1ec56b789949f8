// Metrics of planning: pods that wait, solves, the picture they are made from, and the calls to the cloud that follow.

import { CALL_BUCKETS, DURATION_BUCKETS } from "./metric-buckets.ts";
import type { MetricDefinition } from "./metric-definition.ts";

const CLOUD = ["controller", "method", "provider"] as const;

export const SCHEDULING_METRICS = [
  {
    name: "karpenter_pods_scheduling_decision_duration_seconds",
    type: "histogram",
    help: "From the first sight of a pending pod to its first simulation.",
    labels: [],
    buckets: DURATION_BUCKETS,
  },
  {
    name: "karpenter_scheduler_scheduling_duration_seconds",
    type: "histogram",
    help: "Duration of one solve.",
    labels: ["controller"],
    buckets: DURATION_BUCKETS,
  },
  {
    name: "karpenter_scheduler_queue_depth",
    type: "gauge",
    help: "Pods left to place in a running solve; gone when it ends.",
    labels: ["controller", "scheduling_id"],
  },
  {
    name: "karpenter_scheduler_unfinished_work_seconds",
    type: "gauge",
    help: "How long a running solve has taken so far; gone when it ends.",
    labels: ["controller", "scheduling_id"],
  },
  {
    name: "karpenter_scheduler_unschedulable_pods_count",
    type: "gauge",
    help: "Pods the last solve could not place.",
    labels: ["controller"],
  },
  {
    name: "karpenter_scheduler_ignored_pods_count",
    type: "gauge",
    help: "Pending pods that are not considered because they are invalid.",
    labels: [],
  },
  {
    name: "karpenter_scheduler_pending_pods_by_effective_zone_count",
    type: "gauge",
    help: "Pending pods by the one zone they can go to; flexible when there are several, none when there is none.",
    labels: ["controller", "zone"],
  },
  {
    name: "karpenter_cluster_state_node_count",
    type: "gauge",
    help: "Nodes in the mirror that decisions are made on.",
    labels: [],
  },
  {
    name: "karpenter_cluster_state_synced",
    type: "gauge",
    help: "1 while the mirror agrees with the cluster, else 0.",
    labels: [],
  },
  {
    name: "karpenter_cluster_state_unsynced_time_seconds",
    type: "gauge",
    help: "How long the mirror has not agreed with the cluster.",
    labels: [],
  },
  {
    name: "karpenter_cloudprovider_duration_seconds",
    type: "histogram",
    help: "Duration of calls to the cloud provider: Create, Delete, Get, List, GetInstanceTypes, IsDrifted.",
    labels: CLOUD,
    buckets: CALL_BUCKETS,
  },
  {
    name: "karpenter_cloudprovider_errors_total",
    type: "counter",
    help: "Failed calls to the cloud provider; error names the kinds that are part of the contract.",
    labels: [...CLOUD, "error"],
  },
  {
    name: "karpenter_cloudprovider_instance_launch_failures_total",
    type: "counter",
    help: "Machines that the cloud refused to launch, by what it said; zone and capacity type where the refusal names them.",
    labels: ["zone", "capacity_type", "reason"],
  },
  {
    name: "karpenter_cloudprovider_instance_termination_failures_total",
    type: "counter",
    help: "Machines that the cloud refused to delete, by what it said.",
    labels: ["zone", "capacity_type", "reason"],
  },
  {
    name: "kmc_scheduler_pods_total",
    type: "counter",
    help: "Pods that were part of a round, by what it found: existing, planned, deferred, failed, not_evaluated.",
    labels: ["controller", "outcome"],
  },
  {
    name: "kmc_scheduler_plan_hourly_cost",
    type: "gauge",
    help: "Price per hour of the machines that the last round planned; absent when there are none or a price is unknown.",
    labels: ["controller", "currency"],
  },
  {
    name: "kmc_scheduler_phase_duration_seconds",
    type: "histogram",
    help: "Duration of one phase of a solve (compile, pack, report), with the pauses in which the rest of the process ran.",
    labels: ["controller", "phase"],
    buckets: DURATION_BUCKETS,
  },
  {
    name: "kmc_scheduler_equivalence_classes",
    type: "gauge",
    help: "Different pods in the last solve: those that differ only in what they request count as one.",
    labels: ["controller"],
  },
] as const satisfies readonly MetricDefinition[];
