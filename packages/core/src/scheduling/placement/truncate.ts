// Which of the surviving instance types a claim lists when there are more than it may (S-511).

import type { Requirements } from "../../requirements/index.ts";
import { missingValues, valuesOf } from "./min-values.ts";
import type { PricedType } from "./order.ts";

/** The cheapest ones. Undefined when no selection of that many leaves the values that minValues asks for. */
export function truncateTypes(
  types: readonly PricedType[],
  requirements: Requirements,
  most: number,
): readonly PricedType[] | undefined {
  if (types.length <= most) return types;
  const cheapest = types.slice(0, most);
  if (isSatisfied(cheapest, requirements)) return cheapest;
  const chosen = withNeededValues(types, requirements, most);
  return isSatisfied(chosen, requirements) ? chosen : undefined;
}

/** First the cheapest types that each bring a value still missing, then the cheapest of the rest. */
function withNeededValues(
  types: readonly PricedType[],
  requirements: Requirements,
  most: number,
): readonly PricedType[] {
  const chosen = new Set<PricedType>();
  for (const candidate of types) {
    if (chosen.size === most) break;
    const have = [...chosen].map(({ type }) => type);
    const brings = missingValues(have, requirements).some(({ key, found }) =>
      valuesOf(candidate.type, key).some((value) => !found.includes(value)),
    );
    if (brings) chosen.add(candidate);
  }
  for (const candidate of types) {
    if (chosen.size < most) chosen.add(candidate);
  }
  return types.filter((type) => chosen.has(type));
}

function isSatisfied(types: readonly PricedType[], requirements: Requirements): boolean {
  return (
    missingValues(
      types.map(({ type }) => type),
      requirements,
    ).length === 0
  );
}
