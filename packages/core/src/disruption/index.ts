// The room of removal: which nodes may go now, and why each of the others stays. Pure; the caller writes and waits.

export * from "./budget.ts";
export { bestScore, balancedTotals, isApproved, scoreOf, scoresOf } from "./balanced.ts";
export type { Move, PoolTotals } from "./balanced.ts";
export { candidateObstacle } from "./candidate.ts";
export type { CandidateContext, DisruptionClass, Obstacle } from "./candidate.ts";
export { byRatio } from "./candidate-order.ts";
export { candidateContext, candidatesOf } from "./candidates.ts";
export type { Candidate, CandidateFilter, Candidates } from "./candidates.ts";
export { consolidationFilter } from "./consolidation-filter.ts";
export { consolidationOption } from "./consolidation-option.ts";
export type { ConsolidationOption } from "./consolidation-option.ts";
export { decide } from "./decide.ts";
export type { DecideOptions } from "./decide-options.ts";
export { revalidate } from "./revalidate.ts";
export type { Validation, ValidationCategory } from "./revalidate.ts";
export * from "./consolidatable.ts";
export * from "./currently-reschedulable.ts";
export type { DisruptionNode } from "./disruption-node.ts";
export * from "./emptiness.ts";
export * from "./eviction-cost.ts";
export * from "./pdbs.ts";
export * from "./pods.ts";
export { staticRemovalOrder } from "./static-order.ts";
export type { NodeVerdict } from "./verdict.ts";
export * from "./method.ts";
export * from "./simulation.ts";
export * from "./snapshot.ts";
