// Why nothing on offer suits: names what stands in the way, nearest first, for people to read.

import { Label } from "@karpenter-multicloud/core/api";
import { matchesRequirements, refusalsOf } from "@karpenter-multicloud/core/provider";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import type { Requirements } from "@karpenter-multicloud/core/requirements";

import type { Situation } from "./instance-types.ts";

export interface Shelf {
  readonly types: readonly InstanceType[];
  readonly situation: Situation;
}

export function whyNoOffering(wanted: Requirements, { types, situation }: Shelf): string {
  const { region, zones } = situation;
  const named = types.filter((type) => matchesRequirements(type, wanted));
  if (named.length === 0) return `no flavor in ${region} satisfies ${wanted.toString()}`;
  if (!wanted.get(Label.CapacityType).has("on-demand"))
    return "OVHcloud has no spot machines; allow karpenter.sh/capacity-type on-demand";
  const refusals = refusalsOf(named, wanted);
  if (refusals.length > 0) return `no offering is available now (${refusals.slice(0, 5).join("; ")})`;
  if (!named.some(({ offerings }) => offerings.some(({ requirements }) => requirements.overlaps(wanted))))
    return `no zone of ${region} (${zones.join(", ")}) is allowed by ${wanted.get(Label.Zone).toString()}`;
  return `no allowed flavor in ${region} is large enough for its requests`;
}
