export { InMemoryKube } from "./in-memory-kube.ts";
export type { FaultHook, InMemoryKubeOptions, KubeCall, KubeVerb } from "./in-memory-kube.ts";
export type { Schedule } from "./watching.ts";
