// The room of the requirements algebra: what labels a pod, pool, claim or offering allows, and whether two of them go together.

export type { RequirementConflict } from "./conflict.ts";
export { podNodeAffinityErrors, requiredTerms } from "./from-pod.ts";
export type { PodLike } from "./from-pod.ts";
export { isRestrictedKey, normalizeKey } from "./keys.ts";
export type { Normalization } from "./keys.ts";
export { poolNormalization } from "./keys.ts";
export { Requirement } from "./requirement.ts";
export type { DerivedOperator } from "./requirement.ts";
export { Requirements } from "./requirements.ts";
export type { RequirementLike } from "./requirements.ts";
export { isLabelValue, isQualifiedName, requirementErrors, unknownCapacityTypes } from "./validation.ts";
export type { RequirementContext } from "./validation.ts";
