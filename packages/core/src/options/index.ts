export * from "./settings.ts";
export * from "./settings-error.ts";
export * from "./feature-gates.ts";
export * from "./flag.ts";
export * from "./flags.ts";
export * from "./parse-settings.ts";
export * from "./nearest.ts";
export * from "./scheduler-config.ts";
