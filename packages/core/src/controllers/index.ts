export * from "./deps.ts";
export { OverlayStore } from "./overlay-store.ts";
export * from "./all.ts";
export { failureMessage } from "./provisioning/report.ts";
