// The room of the planner: which pods go where, which machines to ask for, and why a pod was left over. Prices belong to it.

export * from "./problem.ts";
export * from "./solution.ts";
export { solve, solveSteps } from "./solve.ts";
export { CompileCache } from "./compile/compile-cache.ts";
export { nodeClaimFromPlan, nodeClaimFromTemplate } from "./node-claim.ts";
export type { NodeClaimStamp, TemplateRules } from "./node-claim.ts";
export { overlaidPool } from "./overlaid-pool.ts";
export { bufferPods, bufferPodSpec, isBufferPod } from "./buffer-pods.ts";
export { bufferReplicas } from "./buffer-replicas.ts";
export type { BufferDemand } from "./buffer-replicas.ts";
export { isDaemonSetPod } from "./daemonsets.ts";
export { effectiveZones } from "./effective-zone.ts";
export { poolsWithoutTypes } from "./explain/pools-without-types.ts";
export type { PoolWithoutTypes } from "./explain/pools-without-types.ts";
export { volumeLimitsOfNode } from "./volumes/node-volume-limits.ts";
export { usedClaims } from "./volumes/used-claims.ts";
export { VolumeBook } from "./volumes/volume-book.ts";
export { boundPodRequests, podRequests } from "./pod-requests.ts";
export { optsOutOfNodePools, podErrors } from "./pod-validity.ts";
export { allocatableOf } from "./placement/builds.ts";
export { missingValues } from "./placement/min-values.ts";
export type { MissingValues } from "./placement/min-values.ts";
export * from "../pricing/index.ts";
