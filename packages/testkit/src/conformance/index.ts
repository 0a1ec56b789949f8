export { ContractBreach } from "./check.ts";
export type { Check, Need } from "./check.ts";
export { CHECKS } from "./checks/index.ts";
export { conformance } from "./conformance.ts";
export type { TestRunner } from "./conformance.ts";
export { explain, runCheck, runChecks } from "./run-checks.ts";
export type { CheckResult, Outcome } from "./run-checks.ts";
export * from "../stage/index.ts";
