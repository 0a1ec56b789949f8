// The ways in which nodes are disrupted voluntarily, and what each of them decides (D-15, D-60).

import type { DisruptionReason } from "../api/index.ts";
import type { ExistingPlacement, PlannedClaim } from "../scheduling/index.ts";
import type { PoolBudget } from "./budget.ts";
import type { NodeVerdict } from "./verdict.ts";

/** In the order they are asked. */
export const METHODS = ["emptiness", "staticDrift", "drift", "multi", "single"] as const;
export type MethodName = (typeof METHODS)[number];

/** A command that a method proposes; nothing of it has happened yet. */
export interface ProposedCommand {
  readonly method: MethodName;
  readonly reason: DisruptionReason;
  /** delete: no replacement; replace: at least one. */
  readonly decision: "delete" | "replace";
  /** Names of the nodes to remove, in the order they were chosen. */
  readonly nodes: readonly string[];
  readonly replacements: readonly PlannedClaim[];
  /** Static pools of which one machine each is made from the bare template first (D-64); then `replacements` is empty. */
  readonly fromTemplate?: readonly string[];
  /** Where pods of the removed nodes, and pending ones, are to go on nodes that stay. */
  readonly existing: readonly ExistingPlacement[];
  /** Per hour, in the currency of the prices; absent when some price is not known. */
  readonly savings?: number;
  /** Sum of the reschedule costs of the nodes (D-26). */
  readonly disruptionCost: number;
  /** The lowest of the pools under the policy Balanced. */
  readonly score?: number;
  /** What was looked at before, and why it was not chosen: three at most (DX-1). */
  readonly alternatives?: readonly Alternative[];
}

export interface Alternative {
  readonly nodes: readonly string[];
  readonly why: string;
}

export interface MethodDecision {
  readonly method: MethodName;
  readonly commands: readonly ProposedCommand[];
  /** One per node that the method looked at. */
  readonly verdicts: readonly NodeVerdict[];
  readonly budgets: ReadonlyMap<string, PoolBudget>;
  /** Nodes that passed the candidate checks and the method's own filter, in the order they are tried. */
  readonly eligible: readonly string[];
  /** Only a budget held something back, so that nothing was found must not be remembered (D-57). */
  readonly constrained: boolean;
  /** Time ran out before all that had to be looked at was (D-93, D-95): nothing found must not be remembered either. */
  readonly timedOut: boolean;
  /** What pools under the policy Balanced said (D-103). */
  readonly scores: readonly PoolScore[];
  /** Single-node only: pools none of whose nodes it came to; they are first the next time (D-95). */
  readonly unseenPools?: readonly string[];
}

/** How good a move is for one pool, measured by what it costs the pods (D-101). */
export interface PoolScore {
  readonly nodePool: string;
  /** Names of the nodes of the scored move, those of other pools too. */
  readonly nodes: readonly string[];
  /** Infinity when nothing has to move. */
  readonly score: number;
  readonly approved: boolean;
  /** Of what the pool costs: the share that is saved. */
  readonly savingsShare: number;
  /** Of what moving all pods of the pool would disturb: the share that is moved. */
  readonly disruptionShare: number;
}
