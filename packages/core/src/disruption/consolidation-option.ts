// What one set of nodes could be exchanged for: nothing, one cheaper machine, or it has to stay, and why (D-73…D-84).

import { CapacityType, Label } from "../api/index.ts";
import type { ExistingPlacement, PlannedClaim } from "../scheduling/index.ts";
import { podName } from "./candidate.ts";
import type { Obstacle } from "./obstacle.ts";
import { simulateSteps } from "./simulation.ts";
import type { UnplacedPod } from "./simulation.ts";
import type { Candidate } from "./candidates.ts";
import { costOf, onlyCheaper } from "./only-cheaper.ts";
import type { ReplacementOutcome } from "./only-cheaper.ts";
import { narrowed, spotOnly, withoutSpot } from "./replacement.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";
import { spotToSpot } from "./spot-to-spot.ts";
import type { Steps } from "./steps.ts";

export type ConsolidationOption =
  | { readonly decision: "delete"; readonly existing: readonly ExistingPlacement[] }
  | {
      readonly decision: "replace";
      readonly replacement: PlannedClaim;
      readonly existing: readonly ExistingPlacement[];
    }
  | { readonly decision: "none"; readonly obstacle: Obstacle };

/** Pods named in a verdict (D-51). */
const NAMED_PODS = 5;

export function* consolidationOption(
  candidates: readonly Candidate[],
  snapshot: DisruptionSnapshot,
  shouldStop?: () => boolean,
): Steps<ConsolidationOption> {
  const names = candidates.map(({ name }) => name);
  const options = { respectConsolidateAfter: true, ...(shouldStop && { shouldStop }) };
  const simulation = yield* simulateSteps(snapshot, names, options);
  if (simulation === undefined) return none({ code: "Deleting", detail: "it is already on its way out" });
  if (simulation.unplaced.length > 0) return none(unplacedObstacle(simulation.unplaced));
  const { newClaims, existing } = simulation.solution;
  const [claim] = newClaims;
  if (claim === undefined) return { decision: "delete", existing };
  if (newClaims.length > 1) {
    const prices = newClaims.map((each) => costOf(each).cost);
    const cost = prices.includes(undefined) ? undefined : prices.reduce<number>((sum, price = 0) => sum + price, 0);
    const nearest = { ...(cost !== undefined && { cost }), missing: "one machine that all of its pods fit on" };
    return none({ code: "NeedsNNodes", detail: `its pods would need ${newClaims.length} new nodes`, nearest });
  }
  const outcome = replacementFor(candidates, claim, snapshot);
  return "replacement" in outcome
    ? { decision: "replace", replacement: outcome.replacement, existing }
    : none(outcome.obstacle);
}

/** D-78…D-81. */
function replacementFor(
  candidates: readonly Candidate[],
  claim: PlannedClaim,
  snapshot: DisruptionSnapshot,
): ReplacementOutcome {
  const wellKnown = snapshot.problem.wellKnownLabels;
  const capacityTypes = claim.requirements.get(Label.CapacityType);
  const allSpot = candidates.every(({ capacityType }) => capacityType === CapacityType.Spot);
  if (allSpot && capacityTypes.has(CapacityType.Spot)) return spotToSpot(candidates, claim, snapshot);
  const filtered = onlyCheaper(candidates, claim, wellKnown);
  if ("obstacle" in filtered || !capacityTypes.has(CapacityType.Spot) || !capacityTypes.has(CapacityType.OnDemand)) {
    return filtered;
  }
  const { replacement } = filtered;
  // A failed spot launch must not end in a dearer machine on demand.
  const pinned = spotOnly(replacement.requirements);
  const onSpot = narrowed(replacement, replacement.instanceTypes, pinned, wellKnown);
  // Without any spot to be had only the others were compared: what it may be is again what its types sell (S-519).
  return { replacement: onSpot ?? { ...replacement, requirements: withoutSpot(replacement.requirements) } };
}

/** D-51. */
export function unplacedObstacle(unplaced: readonly UnplacedPod[]): Obstacle {
  const named = unplaced.slice(0, NAMED_PODS).map(({ pod, reason }) => `${podName(pod)} => ${reason}`);
  const others = unplaced.length > NAMED_PODS ? ` and ${unplaced.length - NAMED_PODS} more` : "";
  const code = unplaced.every(({ uninitialized }) => uninitialized) ? "NeedsUninitialized" : "PodsUnschedulable";
  const missing = `a place for ${unplaced.length === 1 ? "one pod" : `${unplaced.length} pods`}`;
  return { code, detail: `${named.join("; ")}${others}`, nearest: { missing } };
}

function none(obstacle: Obstacle): ConsolidationOption {
  return { decision: "none", obstacle };
}
