// Types that the class would take and that no image of it fits: they are offered nowhere, and somebody may wonder why (W-29).

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import { compareText } from "@karpenter-multicloud/core/units";

import type { ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import { imageFor, takesGpus } from "../selection/resolved-class.ts";
import type { ResolvedClass } from "../selection/resolved-class.ts";
import type { Catalogue } from "./server-catalog.ts";
import { archOf, isSelected } from "./type-selection.ts";

export interface ImageQuestion {
  readonly spec: ScalewayNodeClassSpec;
  readonly resolved: ResolvedClass;
  readonly catalogue: Catalogue;
  readonly minMemory: number;
}

/** A class of one image of one architecture would else be told of every machine of the other. */
const MOST = 20;

/** One for each type; beyond so many the others stand in one. */
export function typesWithoutImage(question: ImageQuestion): readonly Remark[] {
  const zones = zonesByType(question);
  const names = [...zones.keys()].toSorted(compareText);
  const reason = "NoImageForInstanceType";
  const help = "no term of imageSelectorTerms has one that fits its architecture, its disk and its type";
  const each = names.slice(0, MOST).map((name) => {
    const where = (zones.get(name) ?? []).toSorted(compareText).join(", ");
    return { reason, message: `instance type ${name} is not offered in ${where} for want of an image: ${help}` };
  });
  const others = names.slice(MOST);
  if (others.length === 0) return each;
  const message = `${others.length} more instance types are not offered somewhere for want of an image: ${others.join(", ")}`;
  return [...each, { reason, message: message.slice(0, 1000) }];
}

/** What a class excludes by the terms themselves (images for GPUs only) is its own wish. */
function zonesByType({ spec, resolved, catalogue, minMemory }: ImageQuestion): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { zone: name, types } of catalogue.zones) {
    const zone = resolved.zones.find((each) => each.zone === name);
    if (zone === undefined) continue;
    for (const type of types.values()) {
      const isWanted =
        archOf(type) !== undefined && isSelected(type, spec, minMemory) && type.hourlyPrice !== undefined;
      const isMeant = zone.terms.some((term) => takesGpus(term, type.gpus > 0));
      if (!isWanted || !isMeant || imageFor(zone, type) !== undefined) continue;
      found.set(type.name, [...(found.get(type.name) ?? []), name]);
    }
  }
  return found;
}
