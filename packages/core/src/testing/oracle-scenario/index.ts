// The JSON form of one question about a cluster and its answer, for recorded cases and for other programs.

export { askMethods } from "./asked-methods.ts";
export type { AskedMethod } from "./asked-methods.ts";
export type { CandidateResult, CommandResult } from "./command-result.ts";
export { disruptResult } from "./disrupt-result.ts";
export type { DisruptResult, MethodResult } from "./disrupt-result.ts";
export { instanceTypeOf } from "./reading/instance-type-of.ts";
export { problemOf } from "./problem-of.ts";
export type { ScenarioProblem } from "./problem-of.ts";
export { readScenario } from "./reading/read-scenario.ts";
export * from "./scenario.ts";
export { claimResult, scheduleResult } from "./schedule-result.ts";
export type { CheapestResult, ClaimResult, ExistingResult, ScheduleResult } from "./schedule-result.ts";
export { driftWithKarpentersTies } from "./tied-drift.ts";
export { snapshotOf } from "./snapshot-of.ts";
export type { ScenarioSnapshot } from "./snapshot-of.ts";
