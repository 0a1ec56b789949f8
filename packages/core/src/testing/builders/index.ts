// Builders with boring defaults: a test shows only what matters to it.

export * from "./capacity-buffer.ts";
export * from "./disruption-snapshot.ts";
export * from "./fixtures.ts";
export * from "./instance-type.ts";
export * from "./next-round.ts";
export * from "./node-pool.ts";
export * from "./node.ts";
export * from "./pod.ts";
export * from "./storage.ts";
export * from "./workloads.ts";
