export * from "./deps.ts";
export * from "./all.ts";
