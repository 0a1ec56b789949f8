export * from "./logger.ts";
export * from "./metrics.ts";
export * from "./metric-list.ts";
export * from "./prom-metrics.ts";
export * from "./silent-metrics.ts";
export * from "./redaction.ts";
export * from "./winston-logger.ts";
export * from "./http-servers.ts";
