export { createContainer, type ProcessPorts } from "./container.ts";
export { loadProvider } from "./load-provider.ts";
export { Token } from "./tokens.ts";
