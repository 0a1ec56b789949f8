export * from "./deps.ts";
export * from "./all.ts";
export { failureMessage } from "./provisioning/report.ts";
