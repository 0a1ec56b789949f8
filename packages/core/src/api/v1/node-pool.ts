// NodePool of karpenter.sh/v1: the shape a user writes. Defaults and rules stand in node-pool.schema.ts.

import type { Taint } from "../core-types.ts";
import type { Condition, KubeObject, ResourceList } from "../meta.ts";

export type RequirementOperator = "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" | "Gte" | "Lte";

/** One entry of `requirements`, as written in YAML. */
export interface RequirementSpec {
  readonly key: string;
  readonly operator: RequirementOperator;
  readonly values?: readonly string[];
  /** How many distinct values must stay possible, 1 to 50. */
  readonly minValues?: number;
}

export interface NodeClassRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export type DisruptionReason = "Underutilized" | "Empty" | "Drifted";

export interface Budget {
  /** A number of nodes or a percentage of the pool's nodes, rounded up: "5", "10%". */
  readonly nodes: string;
  /** Absent means every reason. */
  readonly reasons?: readonly DisruptionReason[];
  /** Five-field cron in UTC; set together with duration. */
  readonly schedule?: string;
  readonly duration?: string;
}

export type ConsolidationPolicy = "WhenEmpty" | "WhenEmptyOrUnderutilized" | "Balanced";

export interface Disruption {
  /** Duration text or "Never". @defaultValue "0s" */
  readonly consolidateAfter?: string;
  /** @defaultValue "WhenEmptyOrUnderutilized" */
  readonly consolidationPolicy?: ConsolidationPolicy;
  /** @defaultValue [{ nodes: "10%" }]; an empty list is no limit */
  readonly budgets?: readonly Budget[];
}

export interface NodeClaimTemplateSpec {
  readonly nodeClassRef: NodeClassRef;
  readonly requirements: readonly RequirementSpec[];
  readonly taints?: readonly Taint[];
  readonly startupTaints?: readonly Taint[];
  /** Duration text or "Never". @defaultValue "720h" */
  readonly expireAfter?: string;
  readonly terminationGracePeriod?: string;
}

export interface NodeClaimTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: NodeClaimTemplateSpec;
}

export interface NodePoolSpec {
  readonly template: NodeClaimTemplate;
  readonly disruption?: Disruption;
  readonly limits?: ResourceList;
  /** 1 to 100, higher first. @defaultValue 0 */
  readonly weight?: number;
  /** Set: a static pool of that many nodes. */
  readonly replicas?: number;
}

export interface NodePoolStatus {
  readonly resources?: ResourceList;
  readonly nodes?: number;
  readonly nodeClassObservedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export interface NodePool extends KubeObject {
  readonly spec: NodePoolSpec;
  readonly status?: NodePoolStatus;
}
