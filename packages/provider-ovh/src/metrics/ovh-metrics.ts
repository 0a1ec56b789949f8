// What this provider measures (§13). Labels never hold an id.

import { growingBuckets } from "@karpenter-multicloud/core/telemetry";
import type { MetricDefinition, Metrics } from "@karpenter-multicloud/core/telemetry";

export const OVH_METRICS = [
  {
    name: "karpenter_ovh_api_requests_total",
    type: "counter",
    help: "Calls to the OVHcloud API, repeated ones included; code is the HTTP status, or none without an answer.",
    labels: ["method", "route", "code"],
  },
  {
    name: "karpenter_ovh_api_duration_seconds",
    type: "histogram",
    help: "Duration of single calls to the OVHcloud API.",
    labels: ["method", "route"],
    buckets: growingBuckets(0.02, 2, 12),
  },
  {
    name: "karpenter_ovh_api_retries_total",
    type: "counter",
    help: "Calls sent again, by the kind of failure.",
    labels: ["reason"],
  },
  {
    name: "karpenter_ovh_api_time_delta_seconds",
    type: "gauge",
    help: "How far the clock of the OVHcloud API is ahead of this machine's; absent until a call was signed.",
    labels: [],
    perObject: true,
  },
  {
    name: "karpenter_ovh_pools",
    type: "gauge",
    help: "MKS node pools of the cluster, by whether they are ours, and status.",
    labels: ["owned", "status"],
  },
  {
    name: "karpenter_ovh_pool_machines",
    type: "gauge",
    help: "Machines of our pools that are assigned, surplus or failed, and NodeClaims that are waiting for one.",
    labels: ["state"],
  },
  {
    name: "karpenter_ovh_pool_lock_wait_seconds",
    type: "histogram",
    help: "How long work on a pool waited for earlier work on it.",
    labels: [],
    buckets: growingBuckets(0.01, 3, 10),
  },
  {
    name: "karpenter_ovh_machine_launch_seconds",
    type: "histogram",
    help: "From the first try of a launch until the machine was listed, had an instance, and was READY.",
    labels: ["flavor", "phase"],
    buckets: growingBuckets(5, 2, 11),
  },
  {
    name: "karpenter_ovh_unavailable_offerings",
    type: "gauge",
    help: "Flavors and zones that are avoided at present because they were refused lately.",
    labels: [],
  },
  {
    name: "karpenter_ovh_wrong_machine_deleted_total",
    type: "counter",
    help: "Machines that MKS deleted although another one was named.",
    labels: [],
  },
  {
    name: "karpenter_ovh_machine_replaced_total",
    type: "counter",
    help: "Machines of a NodeClaim that MKS replaced by others of its own accord.",
    labels: [],
  },
  {
    name: "karpenter_ovh_pricing_age_seconds",
    type: "gauge",
    help: "Age of the prices from the order catalogue; absent while the bundled ones are used.",
    labels: [],
    perObject: true,
  },
] as const satisfies readonly MetricDefinition[];

export function declareOvhMetrics(metrics: Metrics): void {
  for (const definition of OVH_METRICS) metrics.declare(definition);
}
