// What this provider measures (Appendix B). Labels never hold an id; prices and availability of offerings are core's.

import { growingBuckets } from "@karpenter-multicloud/core/telemetry";
import type { MetricDefinition, Metrics } from "@karpenter-multicloud/core/telemetry";

export const SCALEWAY_METRICS = [
  {
    name: "karpenter_scaleway_api_requests_total",
    type: "counter",
    help: "Calls to the Scaleway API, repeated ones included; code is the HTTP status, or none without an answer.",
    labels: ["method", "endpoint", "code", "zone"],
  },
  {
    name: "karpenter_scaleway_api_request_duration_seconds",
    type: "histogram",
    help: "Duration of single calls to the Scaleway API.",
    labels: ["method", "endpoint"],
    buckets: growingBuckets(0.02, 2, 12),
  },
  {
    name: "karpenter_scaleway_api_throttled_total",
    type: "counter",
    help: "Calls that the Scaleway API refused because there were too many.",
    labels: [],
  },
  {
    name: "karpenter_scaleway_catalog_last_refresh_timestamp_seconds",
    type: "gauge",
    help: "When the list of server types was last read, by zone.",
    labels: ["zone"],
  },
  {
    name: "karpenter_scaleway_unavailable_offerings",
    type: "gauge",
    help: "1 for each type and zone that is avoided at present because it was refused lately; an empty zone means all zones.",
    labels: ["instance_type", "zone"],
    perObject: true,
  },
  {
    name: "karpenter_scaleway_gc_deleted_total",
    type: "counter",
    help: "Servers without NodeClaim, volumes and addresses that nobody used any more, and join tokens (Secrets) that had served, expired or lost their NodeClaim, that were deleted; by kind and reason.",
    labels: ["kind", "reason"],
  },
  {
    name: "karpenter_scaleway_launch_phase_duration_seconds",
    type: "histogram",
    help: "How long a launch spent creating the server, storing its user data, powering it on, until it ran, and until its node registered.",
    labels: ["phase"],
    buckets: growingBuckets(0.1, 2, 14),
  },
] as const satisfies readonly MetricDefinition[];

export function declareScalewayMetrics(metrics: Metrics): void {
  for (const definition of SCALEWAY_METRICS) metrics.declare(definition);
}
