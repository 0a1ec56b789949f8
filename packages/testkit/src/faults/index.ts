export { ApiFaults } from "./api-faults.ts";
export type { ApiFaultPlan, WatchFate } from "./api-faults.ts";
export { choosePoints, kindOf } from "./choose-points.ts";
export type { CrashPoint, Moment } from "./crash-points.ts";
export { Mortal } from "./mortal.ts";
export type { MortalOptions } from "./mortal.ts";
export { nameCallsByRequest } from "./mortal-clock.ts";
export type { DroppableClock } from "./mortal-clock.ts";
export { UnreliableClient } from "./unreliable-client.ts";
