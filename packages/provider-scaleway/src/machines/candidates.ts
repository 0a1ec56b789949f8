// In which order the offerings of a claim are tried, and why there is none (W-8, W-40).

import { Annotation, Label, parseLaunchHint } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import {
  allocatableOf,
  matchesRequirements,
  overlaidRank,
  refusalsOf,
  requirementsOfClaim,
} from "@karpenter-multicloud/core/provider";
import type { InstanceType, Offering, ProviderSettings } from "@karpenter-multicloud/core/provider";
import { compareRates, compareText, fits, requestsFrom } from "@karpenter-multicloud/core/units";

import { SCALEWAY_GPU } from "../api/labels.ts";
import type { ClassView } from "./class-view.ts";

export interface Candidate {
  readonly type: InstanceType;
  readonly offering: Offering;
  readonly zone: string;
  readonly capacityType: string;
}

type Spellings = Pick<ProviderSettings, "normalizedLabels" | "normalizedValues">;

/** What the plan counted on first, then by price, overlays before the list (OV-7); among equals what is not scarce, then by name. */
export function candidatesOf(claim: NodeClaim, view: ClassView, spellings: Spellings): readonly Candidate[] {
  const hint = parseLaunchHint(claim.metadata.annotations?.[Annotation.LaunchHint]);
  const rank = overlaidRank(claim);
  const isHinted = ({ type, zone, capacityType }: Candidate): boolean =>
    hint?.instanceType === type.name && hint.zone === zone && hint.capacityType === capacityType;
  return compatible(claim, view, spellings).toSorted(
    (a, b) =>
      Number(isHinted(b)) - Number(isHinted(a)) ||
      rank(a.type.name) - rank(b.type.name) ||
      compareRates(a.offering.price, b.offering.price) ||
      Number(b.capacityType === SCALEWAY_GPU) - Number(a.capacityType === SCALEWAY_GPU) ||
      Number(isScarce(a, view)) - Number(isScarce(b, view)) ||
      compareText(a.type.name, b.type.name) ||
      compareText(a.zone, b.zone),
  );
}

function compatible(claim: NodeClaim, view: ClassView, spellings: Spellings): Candidate[] {
  const wanted = requirementsOfClaim(claim, spellings);
  const requests = requestsFrom(claim.spec.resources?.requests);
  return view.types.items.flatMap((type) => {
    if (!matchesRequirements(type, wanted) || !fits(requests, allocatableOf(type))) return [];
    return type.offerings
      .filter((offering) => offering.availability.available && offering.requirements.overlaps(wanted))
      .map((offering) => ({
        type,
        offering,
        zone: offering.requirements.get(Label.Zone).any(),
        capacityType: offering.requirements.get(Label.CapacityType).any(),
      }));
  });
}

function isScarce({ type, zone }: Candidate, { catalogue }: ClassView): boolean {
  return catalogue.zones.find((each) => each.zone === zone)?.stock.get(type.name) === "scarce";
}

/** Names what stood in the way: the reasons of the offerings that would otherwise have served (T-03, T-04). */
export function whyNone(claim: NodeClaim, view: ClassView, spellings: Spellings): string {
  const wanted = requirementsOfClaim(claim, spellings);
  const name = claim.metadata.name ?? "";
  const zones = view.resolved.zones.map(({ zone }) => zone).join(", ");
  const named = view.types.items.filter((type) => matchesRequirements(type, wanted));
  if (named.length === 0) {
    const types = wanted.get(Label.InstanceType);
    return `nodeclaim ${name}: no instance type offered in ${zones} satisfies ${types.toString()} and its other requirements`;
  }
  if (!named.some((type) => type.offerings.some(({ requirements }) => requirements.overlaps(wanted)))) {
    const kinds = wanted.get(Label.CapacityType).toString();
    return `nodeclaim ${name}: no offering in ${wanted.get(Label.Zone).toString()} of capacity type ${kinds}; Scaleway has no spot machines`;
  }
  const refusals = refusalsOf(named, wanted);
  if (refusals.length === 0) return `nodeclaim ${name}: no allowed instance type is large enough for its requests`;
  return `nodeclaim ${name}: no offering is available now (${[...new Set(refusals)].slice(0, 5).join("; ")})`;
}
