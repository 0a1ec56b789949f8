// The only place where label keys are written.

import type { GroupKind } from "./node-class.ts";

export const GROUP = "karpenter.sh";

export const Label = {
  NodePool: "karpenter.sh/nodepool",
  CapacityType: "karpenter.sh/capacity-type",
  Registered: "karpenter.sh/registered",
  Initialized: "karpenter.sh/initialized",
  DoNotSyncTaints: "karpenter.sh/do-not-sync-taints",
  Zone: "topology.kubernetes.io/zone",
  Region: "topology.kubernetes.io/region",
  InstanceType: "node.kubernetes.io/instance-type",
  Arch: "kubernetes.io/arch",
  Os: "kubernetes.io/os",
  WindowsBuild: "node.kubernetes.io/windows-build",
  Hostname: "kubernetes.io/hostname",
  ExcludeFromLoadBalancers: "node.kubernetes.io/exclude-from-external-load-balancers",
} as const;

export const CapacityType = { OnDemand: "on-demand", Spot: "spot", Reserved: "reserved" } as const;

/** Keys a pod or NodePool may ask for although nothing defines them (K-7); providers add theirs at start. */
export const WELL_KNOWN_LABELS: readonly string[] = [
  Label.NodePool,
  Label.CapacityType,
  Label.Zone,
  Label.Region,
  Label.InstanceType,
  Label.Arch,
  Label.Os,
  Label.WindowsBuild,
];

/** Older spellings and what they mean today (K-19). */
export const NORMALIZED_LABELS: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": Label.Zone,
  "failure-domain.beta.kubernetes.io/region": Label.Region,
  "beta.kubernetes.io/arch": Label.Arch,
  "beta.kubernetes.io/os": Label.Os,
  "beta.kubernetes.io/instance-type": Label.InstanceType,
};

/** The label that carries the NodeClass name and marks a Node as managed (K-6): `<group>/<lower-case kind>`. */
export function nodeClassLabel(groupKind: GroupKind): string {
  return `${groupKind.group}/${groupKind.kind.toLowerCase()}`;
}
