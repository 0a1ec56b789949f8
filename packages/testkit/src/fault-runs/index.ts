export { ClaimWitness } from "./claim-witness.ts";
export { faultRun } from "./fault-run.ts";
export type { FaultRun } from "./fault-run.ts";
export { measureLaunch } from "./measure-launch.ts";
export type { LaunchFigures } from "./measure-launch.ts";
export { TROUBLES } from "./storm.ts";
