// In which order the offerings of a claim are tried, and why there is none (C-60).

import { Annotation, Label, parseLaunchHint } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import {
  allocatableOf,
  matchesRequirements,
  overlaidRank,
  refusalsOf,
  requirementsOfClaim,
} from "@karpenter-multicloud/core/provider";
import type { Offering } from "@karpenter-multicloud/core/provider";
import { compareRates, compareText, fits, requestsFrom } from "@karpenter-multicloud/core/units";

import { CloudStackLabel } from "../api/labels.ts";
import type { Buyable } from "../catalog/instance-types.ts";
import type { WireNetwork, WireTemplate } from "../client/wire.ts";
import type { ResolvedZone } from "../selection/resolved-class.ts";
import type { ClassView } from "./class-view.ts";

export interface Candidate {
  readonly buyable: Buyable;
  readonly offering: Offering;
  readonly zone: ResolvedZone;
  readonly template: WireTemplate;
  /** Those that the claim allows, in the order of trying. */
  readonly networks: readonly WireNetwork[];
}

/** What the plan counted on first, then by price, overlays before the list (OV-7); among equals the larger, then by name. */
export function candidatesOf(claim: NodeClaim, view: ClassView): readonly Candidate[] {
  const hint = parseLaunchHint(claim.metadata.annotations?.[Annotation.LaunchHint]);
  const rank = overlaidRank(claim);
  const isHinted = ({ buyable, zone }: Candidate): boolean =>
    hint?.instanceType === buyable.type.name && hint.zone === zone.label;
  const size = ({ buyable }: Candidate): number => buyable.shape.cpu * 4096 + buyable.shape.memoryMiB;
  return compatible(claim, view).toSorted(
    (a, b) =>
      Number(isHinted(b)) - Number(isHinted(a)) ||
      rank(a.buyable.type.name) - rank(b.buyable.type.name) ||
      compareRates(a.offering.price, b.offering.price) ||
      Number(view.crowded.has(a.zone.id)) - Number(view.crowded.has(b.zone.id)) ||
      size(b) - size(a) ||
      compareText(a.buyable.type.name, b.buyable.type.name) ||
      compareText(a.zone.label, b.zone.label),
  );
}

function compatible(claim: NodeClaim, view: ClassView): Candidate[] {
  const wanted = requirementsOfClaim(claim, {});
  const requests = requestsFrom(claim.spec.resources?.requests);
  return [...view.types.buyables.values()].flatMap((buyable) => {
    const { type, arch } = buyable;
    if (!matchesRequirements(type, wanted) || !fits(requests, allocatableOf(type))) return [];
    return type.offerings.flatMap((offering): Candidate[] => {
      if (!offering.availability.available || !offering.requirements.overlaps(wanted)) return [];
      const zone = view.resolved.zones.find(({ label }) => label === offering.requirements.get(Label.Zone).any());
      const template = zone?.templates.get(arch);
      if (zone === undefined || template === undefined) return [];
      const networks = zone.networks.filter(({ id }) => wanted.get(CloudStackLabel.NetworkId).has(id));
      return networks.length === 0 ? [] : [{ buyable, offering, zone, template, networks }];
    });
  });
}

/** Names what stood in the way: the reasons of the offerings that would otherwise have served. */
export function whyNone(claim: NodeClaim, view: ClassView): string {
  const wanted = requirementsOfClaim(claim, {});
  const name = claim.metadata.name ?? "";
  const named = view.types.items.filter((type) => matchesRequirements(type, wanted));
  if (named.length === 0) {
    const zones = view.resolved.zones.map(({ label }) => label).join(", ");
    return `nodeclaim ${name}: no instance type offered in ${zones} satisfies ${wanted.get(Label.InstanceType).toString()} and its other requirements`;
  }
  const refusals = refusalsOf(named, wanted);
  if (refusals.length === 0) return `nodeclaim ${name}: no allowed instance type is large enough for its requests`;
  return `nodeclaim ${name}: no offering is available now (${[...new Set(refusals)].slice(0, 5).join("; ")})`;
}
