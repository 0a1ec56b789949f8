// The only place where annotation keys are written. Ours are registered with object, format and default; docs/reference/annotations.md is made from it.

import type { HourlyRate } from "../units/index.ts";

export const Annotation = {
  DoNotDisrupt: "karpenter.sh/do-not-disrupt",
  NodePoolHash: "karpenter.sh/nodepool-hash",
  NodePoolHashVersion: "karpenter.sh/nodepool-hash-version",
  TerminationTimestamp: "karpenter.sh/nodeclaim-termination-timestamp",
  MinValuesRelaxed: "karpenter.sh/nodeclaim-min-values-relaxed",
  PriceOverlayApplied: "karpenter.sh/price-overlay-applied",
  CapacityOverlayApplied: "karpenter.sh/capacity-overlay-applied",
  CapacityBufferFakePod: "karpenter.sh/capacity-buffer-fake-pod",
  CapacityBufferName: "karpenter.sh/capacity-buffer-name",
  CapacityBufferNamespace: "karpenter.sh/capacity-buffer-namespace",
  NotConsolidatableBefore: "karpenter-multicloud.sh/not-consolidatable-before",
  LaunchHint: "karpenter-multicloud.sh/launch-hint",
  DisruptionCommand: "karpenter-multicloud.sh/disruption-command",
  Replaces: "karpenter-multicloud.sh/replaces",
  DisruptionsPerHour: "karpenter-multicloud.sh/disruptions-per-hour",
  DisruptionsStarted: "karpenter-multicloud.sh/disruptions-started",
  ReplaceBeforeExpiry: "karpenter-multicloud.sh/replace-before-expiry",
  RepairThreshold: "karpenter-multicloud.sh/repair-threshold",
  RepairTolerations: "karpenter-multicloud.sh/repair-tolerations",
  RepairMode: "karpenter-multicloud.sh/repair-mode",
  RepairsPerHour: "karpenter-multicloud.sh/repairs-per-hour",
  RepairsStarted: "karpenter-multicloud.sh/repairs-started",
  MaxVolumeWait: "karpenter-multicloud.sh/max-volume-wait",
  DriftWaves: "karpenter-multicloud.sh/drift-waves",
  QuietPods: "karpenter-multicloud.sh/quiet-pods",
  QuietJobs: "karpenter-multicloud.sh/quiet-jobs",
  PodDeletionCost: "controller.kubernetes.io/pod-deletion-cost",
} as const;

export interface AnnotationEntry {
  readonly key: string;
  readonly object: string;
  readonly format: string;
  readonly defaultValue: string;
  readonly meaning: string;
}

/** Our own annotations; every setting per object is one of these. */
export const OWN_ANNOTATIONS: readonly AnnotationEntry[] = [
  {
    key: Annotation.NotConsolidatableBefore,
    object: "NodeClaim",
    format: "RFC 3339 time",
    defaultValue: "none",
    meaning:
      "Until then the machine is not consolidated, empty or not; drift, expiry and repair go on. Written by a provider whose machines are paid for in advance.",
  },
  {
    key: Annotation.LaunchHint,
    object: "NodeClaim",
    format: "<instance type>/<zone>/<capacity type>[/<price per hour> <currency>]",
    defaultValue: "written by the provisioner",
    meaning: "The offering the plan counted on; a provider starts there and walks on in price order.",
  },
  {
    key: Annotation.DisruptionCommand,
    object: "NodeClaim",
    format: "JSON",
    defaultValue: "written while its replacement starts",
    meaning:
      "The command that gives the machine back once its replacements work; a restarted controller goes on with it.",
  },
  {
    key: Annotation.Replaces,
    object: "NodeClaim",
    format: "<id of the command>",
    defaultValue: "written when a replacement is ordered",
    meaning: "For which command the machine was ordered, so that none is ordered twice.",
  },
  {
    key: Annotation.DisruptionsPerHour,
    object: "NodePool",
    format: '<number or percentage>, such as "5" or "10%"; or with reasons, "Underutilized=5,Drifted=10%"',
    defaultValue: "no limit besides the budgets",
    meaning: "How many nodes may be disrupted within an hour, for each reason. What cannot be read lets none go.",
  },
  {
    key: Annotation.ReplaceBeforeExpiry,
    object: "NodePool",
    format: '<duration>, such as "30m"',
    defaultValue: "off: a machine is deleted when it expires",
    meaning:
      "So long before a machine's `expireAfter` ends it counts as drifted: its replacement starts first, within the pool's budgets for drift.",
  },
  {
    key: Annotation.DisruptionsStarted,
    object: "NodePool",
    format: "JSON: by reason and node, the times of the last hour",
    defaultValue: "written where disruptions per hour are limited",
    meaning: "Which nodes the hourly limit still counts, so that a restart does not begin to count anew.",
  },
  {
    key: Annotation.RepairThreshold,
    object: "NodePool",
    format: '<number or percentage>, such as "2" or "40%"',
    defaultValue: "20%",
    meaning:
      "While more nodes of the pool than this are unhealthy, none of them is repaired. Percentages are rounded up; one node may always be unhealthy. What cannot be read lets none be repaired.",
  },
  {
    key: Annotation.RepairTolerations,
    object: "NodePool",
    format: '<condition>=<duration>, separated by commas, such as "Ready=10m,StorageReady=1h"',
    defaultValue: "what the provider tolerates",
    meaning: "How long a condition of a node may be bad before the node is repaired.",
  },
  {
    key: Annotation.RepairMode,
    object: "NodePool",
    format: "force or replaceFirst",
    defaultValue: "force: the machine goes at once",
    meaning:
      "With replaceFirst the pods of an unhealthy node get a place first, on machines that are ordered for them if need be; then the machine goes by force. Nodes of static NodePools always go at once. What cannot be read lets none be repaired.",
  },
  {
    key: Annotation.RepairsPerHour,
    object: "NodePool",
    format: '<number>, such as "2"',
    defaultValue: "no limit besides the threshold",
    meaning: "How many nodes of the pool may be repaired within an hour. What cannot be read lets none be repaired.",
  },
  {
    key: Annotation.RepairsStarted,
    object: "NodePool",
    format: "JSON: by NodeClaim, the times of the last hour",
    defaultValue: "written where repairs per hour are limited",
    meaning: "Which repairs the hourly limit still counts, so that a restart does not begin to count anew.",
  },
  {
    key: Annotation.MaxVolumeWait,
    object: "NodePool",
    format: '<duration>, such as "10m"',
    defaultValue: "no bound besides terminationGracePeriod",
    meaning:
      "How long a drained node is kept for volumes that are still attached to it. Pods are never forced by it. What cannot be read bounds nothing.",
  },
  {
    key: Annotation.DriftWaves,
    object: "NodePool",
    format: '"true"',
    defaultValue: "off: as many at once as budgets allow",
    meaning:
      "Drifted nodes go in waves of 1, 2, 4, …; each begins when the replacements of the last have worked for two minutes. After two failed replacements the roll-out stops until the NodePool is changed.",
  },
  {
    key: Annotation.QuietPods,
    object: "NodePool",
    format: '<label selector>, such as "app=ci,team in (a,b)"',
    defaultValue: "every pod resets the timer, save those of DaemonSets",
    meaning:
      "Pods with these labels do not start `consolidateAfter` anew when they come or go. While they run the node is not empty all the same. When this or `quiet-jobs` cannot be read, every pod counts.",
  },
  {
    key: Annotation.QuietJobs,
    object: "NodePool",
    format: '"true" or "false"',
    defaultValue: "off: pods of Jobs count like others",
    meaning:
      "With true, pods of Jobs do not start `consolidateAfter` anew when they come or go, those of CronJobs among them. While they run the node is not empty all the same. When this or `quiet-pods` cannot be read, every pod counts.",
  },
];

export interface LaunchHint {
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
  /** Of the time of the plan; absent where the cloud names none. */
  readonly price?: HourlyRate;
}

export function formatLaunchHint({ instanceType, zone, capacityType, price }: LaunchHint): string {
  const offering = `${instanceType}/${zone}/${capacityType}`;
  return price === undefined ? offering : `${offering}/${price.amount} ${price.currency}`;
}

/** Undefined for anything that is not a hint: it is advice, never a rule. */
export function parseLaunchHint(text: string | undefined): LaunchHint | undefined {
  const [instanceType, zone, capacityType, priceText, ...rest] = (text ?? "").split("/");
  if (!instanceType || !zone || !capacityType || rest.length > 0) return undefined;
  if (priceText === undefined) return { instanceType, zone, capacityType };
  const [, amount, currency] = /^(\d[\d.e-]*) ([A-Z]{3})$/.exec(priceText) ?? [];
  if (currency === undefined || !Number.isFinite(Number(amount))) return undefined;
  return { instanceType, zone, capacityType, price: { amount: Number(amount), currency } };
}
