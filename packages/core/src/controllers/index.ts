export * from "./deps.ts";
export { BufferStore } from "./buffer-store.ts";
export { OverlayStore } from "./overlay-store.ts";
export * from "./all.ts";
export { failureMessage } from "./provisioning/report.ts";
