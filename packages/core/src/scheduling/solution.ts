// The output of one solve: where each pod goes, which machines to buy, and for each pod left over why.

import type { Pod } from "../api/index.ts";
import type { InstanceType, Offering } from "../provider/index.ts";
import type { PodReason } from "../reasons/index.ts";
import type { Requirements } from "../requirements/index.ts";
import type { Resources } from "../units/index.ts";
import type { CompileCache } from "./compile/compile-cache.ts";

/** A NodeClaim to create. */
export interface PlannedClaim {
  readonly nodePool: string;
  /** What the claim will ask for, hostname excluded. */
  readonly requirements: Requirements;
  /** What the node will carry: the template's labels, and a value for each key of its own that the plan settled (S-127, S-128). */
  readonly labels: Readonly<Record<string, string>>;
  /** Surviving types, cheapest first (price, then name). */
  readonly instanceTypes: readonly InstanceType[];
  /** Pods plus the daemon overhead all survivors share (S-229). */
  readonly requests: Resources;
  readonly pods: readonly Pod[];
  /** What the plan counts on: the cheapest offering of the cheapest type. */
  readonly cheapest: { readonly instanceType: InstanceType; readonly offering: Offering };
  /** Whether some minValues was lowered to what there is (S-510). */
  readonly minValuesRelaxed: boolean;
}

export interface ExistingPlacement {
  readonly node: string;
  readonly pods: readonly Pod[];
}

/** The candidate that passed most checks, and by how much it failed. */
export interface NearMiss {
  readonly name: string;
  readonly failed: PodReason;
  readonly gap?: readonly { readonly resource: string; readonly need: string; readonly have: string }[];
}

export interface NodePoolExplanation {
  readonly nodePool: string;
  readonly verdict: "skipped" | "rejected" | "deferred";
  /** The first failing check. */
  readonly reason: PodReason;
  /** Exact values: "memory: needs 15Gi (pod 14Gi + daemons 1Gi), largest candidate b3-16 offers 14.2Gi". */
  readonly detail: string;
  readonly key?: string;
  readonly wanted?: string;
  readonly offered?: string;
  /** Instance types left after each stage. */
  readonly funnel: readonly { readonly stage: string; readonly left: number }[];
  readonly closest?: NearMiss;
}

export interface CandidateTally {
  readonly count: number;
  readonly byReason: Readonly<Partial<Record<PodReason, number>>>;
  readonly closest?: NearMiss;
}

/** Why one pod was not placed (S-620). */
export interface PodExplanation {
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** One line, at most 250 characters, the closest option first. */
  readonly summary: string;
  /** Preferences dropped, in order. */
  readonly relaxed: readonly string[];
  readonly existing: CandidateTally;
  readonly planned: CandidateTally;
  /** Every NodePool in the order it was tried, the skipped ones too. */
  readonly nodePools: readonly NodePoolExplanation[];
}

/** A placed pod that did not get everything it wished for (S-329). */
export interface RelaxedPod {
  readonly pod: Pod;
  /** Preferences dropped, in order. */
  readonly relaxed: readonly string[];
}

export interface Solution {
  readonly newClaims: readonly PlannedClaim[];
  readonly existing: readonly ExistingPlacement[];
  readonly failures: readonly PodExplanation[];
  /** Pods that wait for a reservation to become free; they are not failures (S-515). */
  readonly deferred: readonly Pod[];
  /** Placed pods with fewer preferences than they came with, in the order they were placed. */
  readonly relaxed: readonly RelaxedPod[];
}

export interface SolveOptions {
  /** parity: Karpenter's order and its late choice of zones; fast: the same, and claims commit to a zone when a pod needs it (S-1024). @defaultValue "fast" */
  readonly mode?: SolveMode;
  /** Asked every 64 placements; true ends the solve, and pods not yet tried are reported as NotEvaluated (S-315). */
  readonly shouldStop?: () => boolean;
  /** What an earlier solve has read of pools and instance types is not read again (S-1015). Changes no decision. */
  readonly cache?: CompileCache;
}

/** Where a solve stands that is done in steps. */
export interface SolvePause {
  readonly phase: "compile" | "pack" | "report";
  readonly podsLeft: number;
  /** Pods that are alike but for their requests count as one; known after the first phase. */
  readonly shapes?: number;
}

export type SolveMode = "parity" | "fast";
