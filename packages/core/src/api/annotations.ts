// The only place where annotation keys are written. Ours are registered with object, format and default; docs/reference/annotations.md is made from it.

export const Annotation = {
  DoNotDisrupt: "karpenter.sh/do-not-disrupt",
  NodePoolHash: "karpenter.sh/nodepool-hash",
  NodePoolHashVersion: "karpenter.sh/nodepool-hash-version",
  TerminationTimestamp: "karpenter.sh/nodeclaim-termination-timestamp",
  MinValuesRelaxed: "karpenter.sh/nodeclaim-min-values-relaxed",
  LaunchHint: "karpenter-multicloud.sh/launch-hint",
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
    key: Annotation.LaunchHint,
    object: "NodeClaim",
    format: "<instance type>/<zone>/<capacity type>",
    defaultValue: "written by the provisioner",
    meaning: "The offering the plan counted on; a provider starts there and walks on in price order.",
  },
];

export interface LaunchHint {
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
}

export function formatLaunchHint(hint: LaunchHint): string {
  return `${hint.instanceType}/${hint.zone}/${hint.capacityType}`;
}

/** Undefined for anything that is not a hint: it is advice, never a rule. */
export function parseLaunchHint(text: string | undefined): LaunchHint | undefined {
  const [instanceType, zone, capacityType, ...rest] = (text ?? "").split("/");
  return instanceType && zone && capacityType && rest.length === 0 ? { instanceType, zone, capacityType } : undefined;
}
