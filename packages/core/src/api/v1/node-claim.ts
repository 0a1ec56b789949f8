// NodeClaim of karpenter.sh/v1: the request for one machine and what became of it.

import type { Taint } from "../core-types.ts";
import type { Condition, KubeObject, ResourceList } from "../meta.ts";
import type { NodeClassRef, RequirementSpec } from "./node-pool.ts";

export interface NodeClaimSpec {
  readonly requirements: readonly RequirementSpec[];
  readonly nodeClassRef: NodeClassRef;
  readonly resources?: { readonly requests?: ResourceList };
  readonly taints?: readonly Taint[];
  readonly startupTaints?: readonly Taint[];
  readonly expireAfter?: string;
  readonly terminationGracePeriod?: string;
}

export interface NodeClaimStatus {
  readonly nodeName?: string;
  readonly providerID?: string;
  readonly imageID?: string;
  /** Estimate from the instance type; not updated from the Node. */
  readonly capacity?: ResourceList;
  readonly allocatable?: ResourceList;
  readonly lastPodEventTime?: string;
  readonly conditions?: readonly Condition[];
}

export interface NodeClaim extends KubeObject {
  readonly spec: NodeClaimSpec;
  readonly status?: NodeClaimStatus;
}
