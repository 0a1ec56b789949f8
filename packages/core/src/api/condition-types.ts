// The only place where condition types and their standing reasons are written.

export const READY = "Ready";

/** Of a NodeClaim (LC-1). */
export const NodeClaimCondition = {
  Ready: READY,
  Launched: "Launched",
  Registered: "Registered",
  Initialized: "Initialized",
  Consolidatable: "Consolidatable",
  Drifted: "Drifted",
  Drained: "Drained",
  VolumesDetached: "VolumesDetached",
  InstanceTerminating: "InstanceTerminating",
  ConsistentStateFound: "ConsistentStateFound",
  DisruptionReason: "DisruptionReason",
} as const;

/** Of a NodePool (NP-8, NP-9). */
export const NodePoolCondition = {
  Ready: READY,
  ValidationSucceeded: "ValidationSucceeded",
  NodeClassReady: "NodeClassReady",
  NodeRegistrationHealthy: "NodeRegistrationHealthy",
} as const;

/** Of a NodeOverlay. */
export const NodeOverlayCondition = {
  Ready: READY,
  ValidationSucceeded: "ValidationSucceeded",
} as const;

/** Of a CapacityBuffer; it has no root. */
export const CapacityBufferCondition = {
  /** What the room is for is known. */
  ReadyForProvisioning: "ReadyForProvisioning",
  /** True when the room is there. */
  Provisioning: "Provisioning",
} as const;

/** Which conditions decide over the root: all of them True makes it True. */
export interface ConditionFamily {
  readonly root: string;
  readonly dependents: readonly string[];
}

export const NODE_CLAIM_CONDITIONS: ConditionFamily = {
  root: READY,
  dependents: [NodeClaimCondition.Launched, NodeClaimCondition.Registered, NodeClaimCondition.Initialized],
};

export const NODE_POOL_CONDITIONS: ConditionFamily = {
  root: READY,
  dependents: [NodePoolCondition.ValidationSucceeded, NodePoolCondition.NodeClassReady],
};

export const NODE_OVERLAY_CONDITIONS: ConditionFamily = {
  root: READY,
  dependents: [NodeOverlayCondition.ValidationSucceeded],
};

export const AWAITING_RECONCILIATION = {
  reason: "AwaitingReconciliation",
  message: "object is awaiting reconciliation",
} as const;
