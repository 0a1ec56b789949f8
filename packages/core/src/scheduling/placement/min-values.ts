// Whether enough different values stay possible for the requirements that ask for it (S-118, S-508).

import type { InstanceType } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";

export interface MissingValues {
  readonly key: string;
  readonly needed: number;
  readonly found: readonly string[];
}

/** In key order; empty when satisfied. */
export function missingValues(types: readonly InstanceType[], requirements: Requirements): readonly MissingValues[] {
  const missing: MissingValues[] = [];
  for (const { key, minValues } of requirements) {
    if (minValues === undefined) continue;
    const found = new Set(types.flatMap((type) => valuesOf(type, key)));
    if (found.size < minValues) missing.push({ key, needed: minValues, found: [...found] });
  }
  return missing;
}

/** S-509: each minimum that is missed becomes what there is. */
export function withLoweredMinimum(types: readonly InstanceType[], requirements: Requirements): Requirements {
  const missing = missingValues(types, requirements);
  const lowered = missing.map(({ key, found }) =>
    requirements.get(key).withMinValues(found.length > 0 ? found.length : undefined),
  );
  return requirements.without(...missing.map(({ key }) => key)).with(...lowered);
}

/** S-510: whether some minimum of the one is lower in the other. */
export function isLowered(requirements: Requirements, than: Requirements): boolean {
  return [...than].some(
    ({ key, minValues }) => minValues !== undefined && (requirements.get(key).minValues ?? 0) < minValues,
  );
}

export function valuesOf(type: InstanceType, key: string): readonly string[] {
  const requirement = type.requirements.get(key);
  return requirement.complement ? [] : [...requirement.values];
}
