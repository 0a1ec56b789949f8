// The built-in kinds a simulated cluster takes by apply and collects garbage of. Kinds without a stand-in (StatefulSet, Job) are not among them.

import {
  ConfigMaps,
  DaemonSets,
  Deployments,
  Leases,
  Namespaces,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  PodTemplates,
  ReplicaSets,
  Secrets,
  VolumeAttachments,
} from "@karpenter-multicloud/core/api";
import type { Resource } from "@karpenter-multicloud/core/api";

/** Only its value is read, by the API server. */
const PriorityClasses: Resource = {
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  namespaced: false,
};

export const BUILT_IN_RESOURCES: readonly Resource[] = [
  Namespaces,
  Nodes,
  Pods,
  ReplicaSets,
  Deployments,
  DaemonSets,
  PodDisruptionBudgets,
  PodTemplates,
  ConfigMaps,
  Secrets,
  Leases,
  VolumeAttachments,
  PriorityClasses,
];

/** Kinds whose objects have owners or are owners here. */
export const OWNED_RESOURCES: readonly Resource[] = [
  Nodes,
  Pods,
  ReplicaSets,
  Deployments,
  DaemonSets,
  PodDisruptionBudgets,
  ConfigMaps,
];
