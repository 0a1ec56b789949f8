export { createContainer, type ProcessPorts } from "./container.ts";
export { loadProvider, PROVIDER_NAMES } from "./load-provider.ts";
export { Token } from "./tokens.ts";
