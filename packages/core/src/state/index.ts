export * from "./state-node.ts";
export * from "./build-state-node.ts";
export * from "./countable-resources.ts";
export * from "./mirrored-cluster-state.ts";
export * from "./pool-ledger.ts";
