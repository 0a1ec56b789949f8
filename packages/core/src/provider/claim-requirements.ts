// What a NodeClaim asks for, in the words that a provider's instance types and offerings use (S-120, K-19).

import type { NodeClaim } from "../api/index.ts";
import { poolNormalization, Requirements, type Normalization } from "../requirements/index.ts";
import type { ProviderSettings } from "./settings.ts";

type Spellings = Pick<ProviderSettings, "normalizedLabels" | "normalizedValues" | "normalizedPoolValues">;

/** All that a provider says about older spellings. */
export function normalizationOf(spellings: Spellings): Normalization {
  const { normalizedLabels: keys, normalizedValues: values, normalizedPoolValues: poolValues } = spellings;
  return { ...(keys && { keys }), ...(values && { values }), ...(poolValues && { poolValues }) };
}

/**
 * Claims that the engine made are in these words already; one made by hand may use any spelling a NodePool may use.
 * The stored claim is never rewritten.
 */
export function requirementsOfClaim({ spec }: Pick<NodeClaim, "spec">, settings: Spellings): Requirements {
  return Requirements.fromSpecs(spec.requirements, poolNormalization(normalizationOf(settings)));
}
