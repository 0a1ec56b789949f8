// The vocabulary of verdicts: why something was not chosen, not placed or not done. Codes are API; once released never reused.

/** Why a pod cannot go to a node, a planned claim or a NodePool (S-620). */
export const POD_REASONS = [
  "TaintNotTolerated",
  "RequirementMismatch",
  "UnknownLabel",
  "VolumeTopology",
  "VolumeLimit",
  "HostPort",
  "InsufficientResources",
  "TopologySpread",
  "PodAffinity",
  "PodAntiAffinity",
  "InversePodAntiAffinity",
  "LimitExceeded",
  "NodeLimitReached",
  "NoInstanceType",
  "OfferingUnavailable",
  "MinValues",
  "ReservationBusy",
  "NodePoolNotReady",
  "NodePoolDeleting",
  "NodePoolStatic",
  "OverlayPending",
  "InstanceTypesUnavailable",
  "DraUnsupported",
  "InvalidPod",
  "VolumeLookupFailed",
  "NotEvaluated",
] as const;
export type PodReason = (typeof POD_REASONS)[number];

/** Why a node stays or goes (DX-2). */
export const NODE_VERDICTS = [
  "Unmanaged",
  "NotInitialized",
  "Deleting",
  "InCommand",
  "Nominated",
  "NodeProtected",
  "PodProtected",
  "PdbBlocked",
  "PdbMultiple",
  "NoNodePool",
  "ConsolidationDisabled",
  "PolicyWhenEmpty",
  "NotEmpty",
  "WaitConsolidateAfter",
  "Budget",
  "BudgetInvalid",
  "StaticPool",
  "StaleState",
  "ObserveOnly",
  "TaintRace",
  "Selected",
] as const;
export type NodeVerdictCode = (typeof NODE_VERDICTS)[number];
