export { TinyCloud } from "./cloud.ts";
export { TinyClient } from "./client.ts";
export { TinyProvider, tinyProviderFactory } from "./provider.ts";
export { startTinyCloud, tinySubject, tinySubjectCloud } from "./subject.ts";
