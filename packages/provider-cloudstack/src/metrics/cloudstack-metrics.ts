// What this provider measures (§12). Labels never hold an id.

import { growingBuckets } from "@karpenter-multicloud/core/telemetry";
import type { MetricDefinition, Metrics } from "@karpenter-multicloud/core/telemetry";

export const CLOUDSTACK_METRICS = [
  {
    name: "karpenter_cloudstack_api_requests_total",
    type: "counter",
    help: "Calls to the CloudStack API, repeated ones included; code is CloudStack's error code, 200, or none without an answer.",
    labels: ["command", "code"],
  },
  {
    name: "karpenter_cloudstack_api_request_duration_seconds",
    type: "histogram",
    help: "Duration of single calls to the CloudStack API.",
    labels: ["command"],
    buckets: growingBuckets(0.02, 2, 12),
  },
  {
    name: "karpenter_cloudstack_async_job_duration_seconds",
    type: "histogram",
    help: "How long asynchronous jobs were waited for, by what became of them: done, failed, pending when the wait was over, or unknown.",
    labels: ["command", "result"],
    buckets: growingBuckets(0.5, 2, 12),
  },
  {
    name: "karpenter_cloudstack_deploy_failures_total",
    type: "counter",
    help: "Machines that were ordered and refused or failed, by the reason of their event.",
    labels: ["zone", "instance_type", "reason"],
  },
  {
    name: "karpenter_cloudstack_unexpunged_vms",
    type: "gauge",
    help: "Machines destroyed within the last two days that the account may not expunge: their names, addresses and disks may still be taken.",
    labels: [],
    perObject: true,
  },
  {
    name: "karpenter_cloudstack_offering_price",
    type: "gauge",
    help: "Price per hour of an instance type in a zone; the lowest, where CloudStackNodeClasses price it differently.",
    labels: ["instance_type", "zone"],
    perObject: true,
  },
  {
    name: "karpenter_cloudstack_limit_available",
    type: "gauge",
    help: "What the account or project may still take of a resource that is limited; scope is its name, memory is in MiB.",
    labels: ["scope", "resource"],
    perObject: true,
  },
  {
    name: "karpenter_cloudstack_orphans_deleted_total",
    type: "counter",
    help: "Things without an owner that were removed, by kind: vm, volume or affinity_group.",
    labels: ["kind"],
  },
] as const satisfies readonly MetricDefinition[];

export function declareCloudStackMetrics(metrics: Metrics): void {
  for (const definition of CLOUDSTACK_METRICS) metrics.declare(definition);
}
