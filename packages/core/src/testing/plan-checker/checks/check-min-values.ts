// How many different values the listed types leave for what asks for several, and whether a lowered minimum is owned up to.

import type { PlannedClaim, PoolInput, ProblemInput } from "../../../scheduling/index.ts";

export function minValueFaults(
  claim: PlannedClaim,
  pool: PoolInput,
  { minValuesPolicy }: ProblemInput,
): readonly string[] {
  const wanted = minimaOf(pool);
  const faults: string[] = [];
  let isLowered = false;
  for (const [key, minimum] of wanted) {
    const found = valuesOf(claim, key);
    const own = claim.requirements.get(key).minValues ?? 0;
    isLowered ||= own < minimum;
    if (found < own) faults.push(`${found} of ${own} values of ${key}`);
    if (minValuesPolicy !== "BestEffort" && found < minimum) faults.push(`${found} of ${minimum} values of ${key}`);
  }
  if (isLowered && minValuesPolicy !== "BestEffort") faults.push("a minimum is lowered");
  if (isLowered !== claim.minValuesRelaxed)
    faults.push(isLowered ? "a minimum is lowered in silence" : "none is lowered");
  return faults;
}

function minimaOf({ nodePool }: PoolInput): ReadonlyMap<string, number> {
  const minima = new Map<string, number>();
  for (const { key, minValues = 0 } of nodePool.spec.template.spec.requirements) {
    if (minValues > 0) minima.set(key, Math.max(minima.get(key) ?? 0, minValues));
  }
  return minima;
}

function valuesOf({ instanceTypes }: PlannedClaim, key: string): number {
  const values = instanceTypes.flatMap(({ requirements }) => {
    const own = requirements.get(key);
    return own.complement ? [] : [...own.values];
  });
  return new Set(values).size;
}
