// The room of removal: which nodes may go now, and why each of the others stays. Pure; the caller writes and waits.

export * from "./budget.ts";
export { candidateObstacle } from "./candidate.ts";
export type { CandidateContext, Obstacle } from "./candidate.ts";
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
