// The room of the planner: which pods go where, which machines to ask for, and why a pod was left over. Prices belong to it.

export * from "./problem.ts";
export * from "./solution.ts";
export { solve } from "./solve.ts";
export { nodeClaimFromPlan } from "./node-claim.ts";
export type { NodeClaimStamp } from "./node-claim.ts";
export { isDaemonSetPod } from "./daemonsets.ts";
export { podRequests } from "./pod-requests.ts";
export { optsOutOfNodePools, podErrors } from "./pod-validity.ts";
export { allocatableOf } from "./placement/instance-filter.ts";
export * from "../pricing/index.ts";
