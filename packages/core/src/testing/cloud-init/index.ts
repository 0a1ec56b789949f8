// A machine of a fake cloud boots by reading its own user data.

export { bootMachine } from "./boot-machine.ts";
export { readUserData, type CloudInitResult, type WrittenFile } from "./read-user-data.ts";
export type { BootResult, ClusterBehind, JoinedMachine, MachineSurroundings } from "./surroundings.ts";
export * from "./join-plan.ts";
