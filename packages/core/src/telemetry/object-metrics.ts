// Metrics with series per object of the cluster, or per thing that a cloud sells. All stop with --disable-cluster-state-observability, except those of prices (M-47).

import { DURATION_BUCKETS } from "./metric-buckets.ts";
import { QUANTILES, type MetricDefinition } from "./metric-definition.ts";

/** The provider's well-known keys are known only when it is chosen: see shortLabelName. */
const NODE = ["node_name", "phase", "managed"] as const;
const NODE_RESOURCE = [...NODE, "resource_type"] as const;
const WELL_KNOWN = "one for each well-known key of a node (`nodepool`, `capacity_type`, `zone`, `instance_type`, …)";
const POD = ["name", "namespace"] as const;
const UNITS = "CPU in cores, memory and storage in bytes.";

const NODE_OBJECTS = [
  {
    name: "karpenter_nodes_allocatable",
    type: "gauge",
    help: `What pods can have of a node. ${UNITS}`,
    labels: NODE_RESOURCE,
    perObject: true,
    moreLabels: WELL_KNOWN,
  },
  {
    name: "karpenter_nodes_total_pod_requests",
    type: "gauge",
    help: "What the pods on a node request, those of DaemonSets included.",
    labels: NODE_RESOURCE,
    perObject: true,
    moreLabels: WELL_KNOWN,
  },
  {
    name: "karpenter_nodes_total_pod_limits",
    type: "gauge",
    help: "What the pods on a node are limited to, those of DaemonSets included.",
    labels: NODE_RESOURCE,
    perObject: true,
    moreLabels: WELL_KNOWN,
  },
  {
    name: "karpenter_nodes_total_daemon_requests",
    type: "gauge",
    help: "What the DaemonSet pods on a node request.",
    labels: NODE_RESOURCE,
    perObject: true,
    moreLabels: WELL_KNOWN,
  },
  {
    name: "karpenter_nodes_total_daemon_limits",
    type: "gauge",
    help: "What the DaemonSet pods on a node are limited to.",
    labels: NODE_RESOURCE,
    perObject: true,
    moreLabels: WELL_KNOWN,
  },
  {
    name: "karpenter_nodes_system_overhead",
    type: "gauge",
    help: "What a node keeps for itself: its capacity without what is allocatable.",
    labels: NODE_RESOURCE,
    perObject: true,
    moreLabels: WELL_KNOWN,
  },
  {
    name: "karpenter_nodes_current_lifetime_seconds",
    type: "gauge",
    help: "Age of a node.",
    labels: NODE,
    perObject: true,
    moreLabels: WELL_KNOWN,
  },
  {
    name: "karpenter_cluster_utilization_percent",
    type: "gauge",
    help: "What all pods request, in percent of what is allocatable on all nodes.",
    labels: ["resource_type"],
    perObject: true,
  },
] as const satisfies readonly MetricDefinition[];

const POD_OBJECTS = [
  {
    name: "karpenter_pods_state",
    type: "gauge",
    help: "Always 1; the labels tell of one pod and the node it is on.",
    labels: [
      ...POD,
      "owner",
      "node",
      "scheduled",
      "nodepool",
      "zone",
      "arch",
      "capacity_type",
      "instance_type",
      "phase",
      "ready",
      "managed",
    ],
    perObject: true,
  },
  {
    name: "karpenter_pods_startup_duration_seconds",
    type: "summary",
    help: "From the creation of a pod until it is ready; of pods that this process has seen pending.",
    labels: [],
    quantiles: QUANTILES,
  },
  {
    name: "karpenter_pods_bound_duration_seconds",
    type: "histogram",
    help: "From the creation of a pod until it is bound; of pods that this process has seen pending.",
    labels: [],
    buckets: DURATION_BUCKETS,
  },
  {
    name: "karpenter_pods_unstarted_time_seconds",
    type: "gauge",
    help: "How long a pod has existed without being ready; gone when it is.",
    labels: POD,
    perObject: true,
  },
  {
    name: "karpenter_pods_unbound_time_seconds",
    type: "gauge",
    help: "How long a pod has existed without being bound; gone when it is.",
    labels: POD,
    perObject: true,
  },
  {
    name: "karpenter_pods_provisioning_startup_duration_seconds",
    type: "histogram",
    help: "From the first plan with room for a pod until it is ready.",
    labels: [],
    buckets: DURATION_BUCKETS,
  },
  {
    name: "karpenter_pods_provisioning_bound_duration_seconds",
    type: "histogram",
    help: "From the first plan with room for a pod until it is bound.",
    labels: [],
    buckets: DURATION_BUCKETS,
  },
  {
    name: "karpenter_pods_provisioning_unstarted_time_seconds",
    type: "gauge",
    help: "How long ago there was the first plan with room for a pod that is not ready.",
    labels: POD,
    perObject: true,
  },
  {
    name: "karpenter_pods_provisioning_unbound_time_seconds",
    type: "gauge",
    help: "How long ago there was the first plan with room for a pod that is not bound.",
    labels: POD,
    perObject: true,
  },
  {
    name: "karpenter_pods_provisioning_scheduling_undecided_time_seconds",
    type: "gauge",
    help: "How long a pending pod has been known without being part of a plan.",
    labels: POD,
    perObject: true,
  },
] as const satisfies readonly MetricDefinition[];

const POOL_OBJECTS = [
  {
    name: "karpenter_nodepools_usage",
    type: "gauge",
    help: `Resources of the nodes of a NodePool. ${UNITS}`,
    labels: ["resource_type", "nodepool"],
    perObject: true,
  },
  {
    name: "karpenter_nodepools_limit",
    type: "gauge",
    help: "Limits of a NodePool, in the units of karpenter_nodepools_usage.",
    labels: ["resource_type", "nodepool"],
    perObject: true,
  },
  {
    name: "karpenter_nodepools_cost_total",
    type: "gauge",
    help: "Price per hour of the nodes of a NodePool, overlays included, in the cloud's currency. Those that kmc_unpriced_nodes counts are not in it; absent when none has a price, or when currencies differ.",
    labels: ["nodepool"],
    perObject: true,
  },
  {
    name: "karpenter_nodepools_cost_tracker_errors_total",
    type: "counter",
    help: "Looks, one every ten seconds, that could not tell the whole cost of a NodePool: no list of instance types, a node without a price, two currencies.",
    labels: ["nodepool"],
  },
  {
    name: "kmc_unpriced_nodes",
    type: "gauge",
    help: "Nodes of a NodePool that nobody knows the price of. They are not replaced by cheaper ones.",
    labels: ["nodepool"],
    perObject: true,
  },
  {
    name: "kmc_unpriced_offerings",
    type: "gauge",
    help: "Offerings for a NodePool without a price, or with one of zero. They are bought only when no other will do.",
    labels: ["nodepool"],
    perObject: true,
  },
] as const satisfies readonly MetricDefinition[];

const OFFERING = ["instance_type", "capacity_type", "zone"] as const;

const CATALOGUE_OBJECTS = [
  {
    name: "karpenter_cloudprovider_instance_type_cpu_cores",
    type: "gauge",
    help: "CPU cores of an instance type.",
    labels: ["instance_type"],
    perObject: true,
  },
  {
    name: "karpenter_cloudprovider_instance_type_memory_bytes",
    type: "gauge",
    help: "Memory of an instance type.",
    labels: ["instance_type"],
    perObject: true,
  },
  {
    name: "karpenter_cloudprovider_instance_type_offering_price_estimate",
    type: "gauge",
    help: "List price of an offering per hour, in the cloud's currency; absent when there is none.",
    labels: OFFERING,
    perObject: true,
  },
  {
    name: "karpenter_cloudprovider_instance_type_offering_available",
    type: "gauge",
    help: "1 while an offering can be had, else 0.",
    labels: OFFERING,
    perObject: true,
  },
] as const satisfies readonly MetricDefinition[];

export const OBJECT_METRICS = [
  ...NODE_OBJECTS,
  ...POD_OBJECTS,
  ...POOL_OBJECTS,
  ...CATALOGUE_OBJECTS,
] as const satisfies readonly MetricDefinition[];

/** Those that wait for the provider's label names. */
export const NODE_OBJECT_METRICS: readonly MetricDefinition[] = NODE_OBJECTS.filter((metric) => "moreLabels" in metric);
