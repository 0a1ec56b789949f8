// When spot nodes may be exchanged for another spot node: only for one of many cheaper types, or prices are chased for ever (D-85…D-88).

import { missingValues } from "../scheduling/index.ts";
import type { PlannedClaim } from "../scheduling/index.ts";
import type { InstanceType } from "../provider/index.ts";
import type { Requirements } from "../requirements/index.ts";
import type { Candidate } from "./candidates.ts";
import { costOf, onlyCheaper } from "./only-cheaper.ts";
import type { ReplacementOutcome } from "./only-cheaper.ts";
import { narrowed, spotOnly } from "./replacement.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";

/** All candidates are spot, and the claim could be. */
export function spotToSpot(
  candidates: readonly Candidate[],
  claim: PlannedClaim,
  { settings, problem: { wellKnownLabels } }: DisruptionSnapshot,
): ReplacementOutcome {
  if (!settings.spotToSpot) {
    const detail = "replacing a spot node by another is not enabled (gate SpotToSpotConsolidation)";
    return { obstacle: { code: "SpotGate", detail } };
  }
  const requirements = spotOnly(claim.requirements);
  const onSpot = narrowed(claim, claim.instanceTypes, requirements, wellKnownLabels);
  if (onSpot === undefined) {
    return { obstacle: { code: "NotCheaper", detail: "no spot machine that its pods fit on can be had" } };
  }
  const filtered = onlyCheaper(candidates, onSpot, wellKnownLabels);
  if ("obstacle" in filtered || candidates.length > 1) return filtered;
  return flexible(filtered.replacement, settings.spotFlexibility, wellKnownLabels);
}

/** D-88: the cut keeps the next round from walking down the same list. */
function flexible(claim: PlannedClaim, least: number, wellKnown: ReadonlySet<string>): ReplacementOutcome {
  const { instanceTypes, requirements } = claim;
  if (instanceTypes.length < least) {
    const detail = `${least} cheaper spot types are needed, and there are ${instanceTypes.length}`;
    const nearest = { ...costOf(claim), missing: `${least - instanceTypes.length} more cheaper spot types` };
    return { obstacle: { code: "SpotFlexibility", detail, nearest } };
  }
  const count = Math.max(least, neededForMinValues(instanceTypes, requirements));
  const replacement = narrowed(claim, instanceTypes.slice(0, count), requirements, wellKnown);
  return { replacement: replacement ?? claim };
}

/** The shortest beginning of the list that has the values. */
function neededForMinValues(types: readonly InstanceType[], requirements: Requirements): number {
  const counts = types.map((_, index) => index + 1);
  return counts.find((count) => missingValues(types.slice(0, count), requirements).length === 0) ?? types.length;
}
