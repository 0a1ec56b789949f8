// Keeps a multi-node command from buying back what it throws away: a replacement of a removed type must be much cheaper (D-92).

import { Label } from "../api/index.ts";
import { Requirements } from "../requirements/index.ts";
import { missingValues } from "../scheduling/index.ts";
import type { PlannedClaim } from "../scheduling/index.ts";
import { compareRates } from "../units/index.ts";
import type { HourlyRate } from "../units/index.ts";
import type { Candidate } from "./candidates.ts";
import { cheaperTypes, launchable, narrowed } from "./replacement.ts";

/** Undefined: removing the nodes of the shared type without a replacement is the better move, and a shorter prefix will find it. */
export function withoutSameTypes(
  claim: PlannedClaim,
  candidates: readonly Candidate[],
  wellKnown: ReadonlySet<string>,
): PlannedClaim | undefined {
  const limits = claim.instanceTypes.flatMap(({ name }) => {
    const shared = candidates.filter(({ instanceType }) => instanceType?.name === name);
    return shared.length > 0 ? [cheapest(shared.map((candidate) => cheapestAs(candidate, wellKnown)))] : [];
  });
  const limit = limits.includes(undefined) ? undefined : cheapest(limits);
  if (limit === undefined && limits.length > 0) return undefined;
  const types = limit
    ? cheaperTypes(claim, limit, wellKnown)
    : launchable(claim.instanceTypes, claim.requirements, wellKnown);
  return missingValues(types, claim.requirements).length > 0
    ? undefined
    : narrowed(claim, types, claim.requirements, wellKnown);
}

/** What the node's type costs where and how the node was bought, whether or not it can be had there now. */
function cheapestAs({ instanceType, node }: Candidate, wellKnown: ReadonlySet<string>): HourlyRate | undefined {
  const { [Label.Hostname]: _, ...labels } = node.labels;
  const place = Requirements.fromLabels(labels);
  const offerings = instanceType?.offerings ?? [];
  return cheapest(
    offerings.filter(({ requirements }) => place.isCompatible(requirements, wellKnown)).map(({ price }) => price),
  );
}

/** Of those that are known. */
function cheapest(rates: readonly (HourlyRate | undefined)[]): HourlyRate | undefined {
  return rates.toSorted(compareRates)[0];
}
