// A provider under test on a manual clock, between an API server in memory and its fake cloud over HTTP.

export { isIn, ProviderBench } from "./provider-bench.ts";
export type { BenchCloud } from "./provider-bench.ts";
export { lastPartOfProviderId, MachineBench } from "./machine-bench.ts";
export type { ClaimOptions } from "./machine-bench.ts";
