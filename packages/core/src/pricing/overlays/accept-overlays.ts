// Which NodeOverlays count: in which order they are looked at, and which of them contradict another one (OV-3, OV-4, A-17).

import type { NodeOverlay, NodePool } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { requirementErrors } from "../../requirements/index.ts";
import { compareText, sortedKeys } from "../../units/index.ts";
import { matchedOfferings, overlayRequirements, poolLabels } from "./overlay-match.ts";
import type { OverlayContext } from "./overlay-match.ts";
import { changesPrice, priceErrors } from "./overlaid-price.ts";

/** A pool with everything its cloud lists for it, before any overlay. */
export interface PoolListing {
  readonly nodePool: NodePool;
  readonly instanceTypes: readonly InstanceType[];
}

export interface RejectedOverlay {
  readonly overlay: NodeOverlay;
  readonly reason: "RuntimeValidation" | "Conflict";
  readonly detail: string;
}

export interface OverlayVerdicts {
  /** In the order in which they win: heavier first, equal weights by name descending. */
  readonly accepted: readonly NodeOverlay[];
  readonly rejected: readonly RejectedOverlay[];
}

const OWN_RESOURCES: readonly string[] = ["cpu", "memory", "ephemeral-storage", "pods"];

/** What is set so far: pool, type and offering or resource → weight and name of the last overlay that set it. */
type Claims = Map<string, { readonly weight: number; readonly name: string }>;

/** An overlay that contradicts another of its weight anywhere counts nowhere (OV-4). */
export function acceptOverlays(
  pools: readonly PoolListing[],
  overlays: readonly NodeOverlay[],
  context: OverlayContext & { readonly restrictedDomains?: readonly string[] },
): OverlayVerdicts {
  const accepted: NodeOverlay[] = [];
  const rejected: RejectedOverlay[] = [];
  const claims: Claims = new Map();
  for (const overlay of overlays.toSorted(compareOverlays)) {
    const errors = overlayErrors(overlay, context);
    const keys = errors.length > 0 ? [] : keysOf(overlay, pools, context);
    const rival = keys.flatMap((key) => rivalOf(claims.get(key), overlay))[0];
    if (errors.length > 0) rejected.push({ overlay, reason: "RuntimeValidation", detail: errors.join("; ") });
    else if (rival !== undefined) {
      rejected.push({ overlay, reason: "Conflict", detail: `conflict with overlay ${rival} of the same weight` });
    } else {
      accepted.push(overlay);
      for (const key of keys) claims.set(key, { weight: weightOf(overlay), name: nameOf(overlay) });
    }
  }
  return { accepted, rejected };
}

/** OV-3. */
function compareOverlays(a: NodeOverlay, b: NodeOverlay): number {
  return weightOf(b) - weightOf(a) || compareText(nameOf(b), nameOf(a));
}

/** */
function overlayErrors(
  { spec }: NodeOverlay,
  {
    wellKnown,
    restrictedDomains = [],
    normalization,
  }: OverlayContext & { readonly restrictedDomains?: readonly string[] },
): readonly string[] {
  const rules = {
    wellKnown,
    restrictedDomains,
    allowNodePoolKey: true,
    ...(normalization && { normalization }),
  };
  const empty = spec.requirements.filter(({ operator, values }) => operator === "NotIn" && !values?.length);
  return [
    ...spec.requirements.flatMap((requirement) => requirementErrors(requirement, rules)),
    ...empty.map(({ key }) => `key ${key} with operator NotIn has no values`),
    ...priceErrors(spec),
    ...sortedKeys(spec.capacity ?? {})
      .filter((resource) => OWN_RESOURCES.includes(resource))
      .map((resource) => `capacity ${resource} is the machine's own and cannot be changed`),
  ];
}

/** Everything the overlay would set. */
function keysOf(overlay: NodeOverlay, pools: readonly PoolListing[], context: OverlayContext): readonly string[] {
  const wanted = overlayRequirements(overlay, context);
  return pools.flatMap(({ nodePool, instanceTypes }) => {
    const labels = poolLabels(nodePool, context);
    return instanceTypes.flatMap((type) => {
      const offerings = matchedOfferings(type, labels, wanted, context);
      if (offerings.length === 0) return [];
      const place = `${nodePool.metadata.name ?? ""}/${type.name}`;
      const prices = changesPrice(overlay.spec)
        ? offerings.map((each) => `${place} price ${each.requirements.toString()}`)
        : [];
      return [...prices, ...sortedKeys(overlay.spec.capacity ?? {}).map((resource) => `${place} capacity ${resource}`)];
    });
  });
}

function rivalOf(known: { readonly weight: number; readonly name: string } | undefined, overlay: NodeOverlay) {
  return known?.weight === weightOf(overlay) ? [known.name] : [];
}

function weightOf({ spec }: NodeOverlay): number {
  return spec.weight ?? 0;
}

function nameOf({ metadata }: NodeOverlay): string {
  return metadata.name ?? "";
}
