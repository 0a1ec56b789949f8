export { createContainer, type ProcessPorts } from "./container.ts";
export { loadProvider } from "./load-provider.ts";
export { runProcess, type ProcessOptions } from "./process.ts";
export { Token } from "./tokens.ts";
