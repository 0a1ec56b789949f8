// In which order a claim wants its instance types tried when their prices are not the cloud's own (OV-7).

import { Annotation, Label, type NodeClaim } from "../api/index.ts";

/**
 * A claim lists its types from the cheapest up. Where NodeOverlays changed prices, that order comes before the price list;
 * otherwise all types have the same rank, and the list, which may be newer, decides.
 */
export function overlaidRank({ metadata, spec }: NodeClaim): (instanceType: string) => number {
  if (metadata.annotations?.[Annotation.PriceOverlayApplied] !== "true") return () => 0;
  const listed = spec.requirements.find(({ key, operator }) => key === Label.InstanceType && operator === "In")?.values;
  const ranks = new Map((listed ?? []).map((name, index) => [name, index]));
  return (instanceType) => ranks.get(instanceType) ?? ranks.size;
}
