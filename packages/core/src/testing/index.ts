export * from "./machine-hooks.ts";
export * from "./fake-clock.ts";
export * from "./memory-logger.ts";
export * from "./event-sink.ts";
export * from "./builders/index.ts";
export * from "./in-memory-kube/index.ts";
export * from "./oracle-scenario/index.ts";
export * from "./plan-checker/index.ts";
