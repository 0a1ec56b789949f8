// Which offerings of an instance type a NodeOverlay is about.

import { Label } from "../../api/index.ts";
import type { NodeOverlay, NodePool } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { Requirements } from "../../requirements/index.ts";
import type { Normalization } from "../../requirements/index.ts";

export interface OverlayContext {
  readonly wellKnown: ReadonlySet<string>;
  readonly normalization?: Normalization;
}

/** What each node of a pool has, as far as overlays may ask for it; the pool's own requirements do not count (OV-3). */
export function poolLabels({ metadata, spec }: NodePool, { normalization }: OverlayContext): Requirements {
  const { labels } = spec.template.metadata ?? {};
  return Requirements.fromLabels({ [Label.NodePool]: metadata.name ?? "" }).merge(
    Requirements.fromLabels(labels, normalization),
  );
}

export function overlayRequirements({ spec }: NodeOverlay, { normalization }: OverlayContext): Requirements {
  return Requirements.fromSpecs(spec.requirements, normalization);
}

/** Empty: the overlay is not about this type at all (OV-3). */
export function matchedOfferings(
  type: InstanceType,
  labels: Requirements,
  wanted: Requirements,
  { wellKnown }: OverlayContext,
): readonly Offering[] {
  if (!labels.merge(type.requirements).isCompatible(wanted)) return [];
  return type.offerings.filter(({ requirements }) => wanted.isCompatible(requirements, wellKnown));
}
