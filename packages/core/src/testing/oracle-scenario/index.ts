// The JSON form of one scheduling question and its answer, for recorded cases and for other programs.

export { instanceTypeOf } from "./instance-type-of.ts";
export { problemOf } from "./problem-of.ts";
export type { ScenarioProblem } from "./problem-of.ts";
export { readScenario } from "./read-scenario.ts";
export * from "./scenario.ts";
export { claimResult, scheduleResult } from "./schedule-result.ts";
export type { CheapestResult, ClaimResult, ScheduleResult } from "./schedule-result.ts";
