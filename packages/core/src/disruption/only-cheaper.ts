// A replacement that is certain to cost less than the nodes it stands for, or why there is none (D-79, D-80).

import { missingValues } from "../scheduling/index.ts";
import type { PlannedClaim } from "../scheduling/index.ts";
import { formatRate } from "../units/index.ts";
import type { Obstacle } from "./obstacle.ts";
import type { Candidate } from "./candidates.ts";
import { cheaperTypes, narrowed, rateOfAll } from "./replacement.ts";

export type ReplacementOutcome = { readonly replacement: PlannedClaim } | { readonly obstacle: Obstacle };

export function onlyCheaper(
  candidates: readonly Candidate[],
  claim: PlannedClaim,
  wellKnown: ReadonlySet<string>,
): ReplacementOutcome {
  const limit = rateOfAll(candidates);
  if (limit === undefined) return { obstacle: unpriced(candidates) };
  const types = cheaperTypes(claim, limit, wellKnown);
  const replacement = narrowed(claim, types, claim.requirements, wellKnown);
  if (replacement === undefined) {
    const offered = `${claim.cheapest.instanceType.name} for ${formatRate(claim.cheapest.offering.price)}`;
    const detail = `nothing its pods fit on is certain to cost less than ${formatRate(limit)}; the cheapest is ${offered}`;
    const nearest = { ...costOf(claim), missing: `it has to cost less than ${formatRate(limit)}` };
    return { obstacle: { code: "NotCheaper", detail, nearest } };
  }
  const [missing] = missingValues(types, claim.requirements);
  if (missing === undefined) return { replacement };
  const detail = `of the cheaper types ${missing.found.length} values of ${missing.key} are left, and minValues asks for ${missing.needed}`;
  const lacks = missing.needed - missing.found.length;
  const nearest = { ...costOf(replacement), missing: `${lacks} more values of ${missing.key} among the cheaper types` };
  return { obstacle: { code: "MinValues", detail, nearest } };
}

/** Of the cheapest offering the claim may use. */
export function costOf({ cheapest }: PlannedClaim): { readonly cost?: number } {
  const { price } = cheapest.offering;
  return price ? { cost: price.amount } : {};
}

function unpriced(candidates: readonly Candidate[]): Obstacle {
  return candidates.some(({ rate }) => rate !== undefined)
    ? { code: "NotCheaper", detail: "the nodes are paid in several currencies, which nobody can compare" }
    : { code: "NoPrice", detail: "its price is not known, so nothing can be shown to be cheaper" };
}
