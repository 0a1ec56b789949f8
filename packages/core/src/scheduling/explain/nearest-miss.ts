// Many candidates that refused a pod: how many for which reason, and which of them came closest.

import type { PodReason } from "../../reasons/index.ts";
import { formatAmount, sortedKeys } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import type { CandidateTally, NearMiss } from "../solution.ts";

export interface Refusal {
  readonly name: string;
  /** In the order of the checks; never empty. */
  readonly reasons: readonly PodReason[];
  readonly request?: Resources;
  readonly free?: Resources;
}

export type Gap = NonNullable<NearMiss["gap"]>;

/** The checks, hardest to change first. */
const STAGES: readonly PodReason[] = [
  "NodeSettling",
  "TaintNotTolerated",
  "UnknownLabel",
  "RequirementMismatch",
  "VolumeTopology",
  "InversePodAntiAffinity",
  "NoInstanceType",
  "VolumeLimit",
  "HostPort",
  "PodAffinity",
  "PodAntiAffinity",
  "TopologySpread",
  "LimitExceeded",
  "NodeLimitReached",
  "InsufficientResources",
  "OfferingUnavailable",
  "MinValues",
  "ReservationBusy",
];

/** How far a candidate came that failed for this reason: more is closer. */
export function stageOf(reason: PodReason): number {
  return STAGES.indexOf(reason);
}

export function tally(refusals: readonly Refusal[]): CandidateTally {
  const byReason: Partial<Record<PodReason, number>> = {};
  for (const { reasons } of refusals) {
    const [first] = reasons;
    if (first !== undefined) byReason[first] = (byReason[first] ?? 0) + 1;
  }
  const closest = closestOf(refusals);
  return { count: refusals.length, byReason, ...(closest && { closest }) };
}

/** Fewest failing checks, then the later first failure, then the smallest shortage, then the first in order. */
function closestOf(refusals: readonly Refusal[]): NearMiss | undefined {
  const [closest] = refusals.toSorted(
    (a, b) =>
      a.reasons.length - b.reasons.length ||
      stageOf(b.reasons[0] ?? "NotEvaluated") - stageOf(a.reasons[0] ?? "NotEvaluated") ||
      shortage(a.request ?? {}, a.free ?? {}) - shortage(b.request ?? {}, b.free ?? {}),
  );
  const [failed] = closest?.reasons ?? [];
  if (closest === undefined || failed === undefined) return undefined;
  return nearMiss({ ...closest, failed });
}

export function nearMiss({
  name,
  failed,
  request = {},
  free = {},
}: Omit<Refusal, "reasons"> & Pick<NearMiss, "failed">): NearMiss {
  const gap = gapOf(request, free);
  return { name, failed, ...(gap.length > 0 && { gap }) };
}

/** The resources of which more is needed than there is, in name order, in units for people. */
export function gapOf(need: Resources, have: Resources): Gap {
  return sortedKeys(need).flatMap((resource) => {
    const needed = need[resource] ?? 0;
    const had = have[resource] ?? 0;
    if (needed <= had) return [];
    const [needText, haveText] = distinctAmounts(resource, needed, had);
    return [{ resource, need: needText, have: haveText }];
  });
}

/** Rounded for people, exact when rounding would make both look the same. */
export function distinctAmounts(resource: string, need: number, have: number): readonly [string, string] {
  const texts = [formatAmount(resource, need), formatAmount(resource, have)] as const;
  return texts[0] === texts[1] ? [String(need), String(have)] : texts;
}

/** Sum over resources of what is missing, as a share of what is needed. */
export function shortage(need: Resources, have: Resources): number {
  let sum = 0;
  for (const [resource, needed] of Object.entries(need)) {
    const missing = needed - (have[resource] ?? 0);
    if (missing > 0) sum += missing / needed;
  }
  return sum;
}
