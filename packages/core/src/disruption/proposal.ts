// A consolidation option put into words: the command that would carry it out, and what it saves (D-60, D-98).

import { priceOf } from "./candidate-order.ts";
import type { Candidate } from "./candidates.ts";
import type { ConsolidationOption } from "./consolidation-option.ts";
import type { MethodName, ProposedCommand } from "./method.ts";
import { rateOfAll } from "./replacement.ts";

export type GoodOption = Exclude<ConsolidationOption, { readonly decision: "none" }>;

export function consolidationCommand(
  method: MethodName,
  candidates: readonly Candidate[],
  option: GoodOption,
): ProposedCommand {
  const savings = knownSavings(candidates, option);
  return {
    method,
    reason: "Underutilized",
    decision: option.decision,
    nodes: candidates.map(({ name }) => name),
    replacements: option.decision === "replace" ? [option.replacement] : [],
    existing: option.existing,
    ...(savings !== undefined && { savings }),
    disruptionCost: disruptionCostOf(candidates),
  };
}

export function disruptionCostOf(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { rescheduleCost }) => sum + rescheduleCost, 0);
}

/** For the score: prices that nobody knows count as nothing. */
export function savingsOf(candidates: readonly Candidate[], option: GoodOption): number {
  return candidates.reduce((sum, candidate) => sum + priceOf(candidate), 0) - replacementPrice(option);
}

/** For people: absent unless all prices are known. */
function knownSavings(candidates: readonly Candidate[], option: GoodOption): number | undefined {
  if (candidates.some(({ rate }) => rate === undefined) || rateOfAll(candidates) === undefined) return undefined;
  return savingsOf(candidates, option);
}

/** Only priced machines replace anything (D-79). */
function replacementPrice(option: GoodOption): number {
  return option.decision === "replace" ? (option.replacement.cheapest.offering.price?.amount ?? 0) : 0;
}
