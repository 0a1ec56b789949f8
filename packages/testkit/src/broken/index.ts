export { brokenSubject } from "./broken-provider.ts";
export type { BrokenProvider } from "./broken-provider.ts";
export { runBroken } from "./run-broken.ts";
export type { BrokenResult } from "./run-broken.ts";
export { BROKEN_PROVIDERS } from "./run-broken.ts";
