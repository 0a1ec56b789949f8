// From where one volume can be reached, and from where several can be reached together (S-237).

import { Label } from "../../api/index.ts";
import type { NodeSelectorRequirement, PersistentVolume, StorageClass } from "../../api/index.ts";
import { normalizeKey, Requirements } from "../../requirements/index.ts";
import type { Normalization } from "../../requirements/index.ts";

/** More alternatives than this of several volumes together are not tried. */
const MOST_ALTERNATIVES = 256;
const ANYWHERE: readonly Requirements[] = [Requirements.empty];

/** One per term; empty when every term contradicts itself, so that no node will ever do. */
export function placesOfVolume({ spec }: PersistentVolume, normalization?: Normalization): readonly Requirements[] {
  const required = spec.nodeAffinity?.required;
  if (required === undefined) return ANYWHERE;
  // A volume on a node's own disk is left behind when its pod moves, so the node's name says nothing of the next one.
  const isLeftBehind = spec.local !== undefined || spec.hostPath !== undefined;
  return required.nodeSelectorTerms.flatMap(({ matchExpressions = [], matchFields = [] }) => {
    const kept = isLeftBehind ? matchExpressions.filter(({ key }) => key !== Label.Hostname) : matchExpressions;
    if (isLeftBehind && kept.length === 0 && matchExpressions.length + matchFields.length > 0) return ANYWHERE;
    // A term without any expression selects no node; the fields of one name a node that exists.
    if (kept.length === 0 || (matchFields.length > 0 && !isLeftBehind)) return [];
    return requirementsOf(kept, normalization);
  });
}

/** One per topology; empty when none of them can be. */
export function placesOfClass({ allowedTopologies }: StorageClass, normalization?: Normalization) {
  if (!allowedTopologies?.length) return ANYWHERE;
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }) => {
    if (matchLabelExpressions.length === 0) return [];
    const expressions = matchLabelExpressions.map(({ key, values }) => ({ key, operator: "In", values }));
    return requirementsOf(expressions, normalization);
  });
}

export function isAnywhere(alternatives: readonly Requirements[]): boolean {
  return alternatives.length > 0 && alternatives.every(({ size }) => size === 0);
}

/** Pairs that intersect, those of the earlier volumes' first alternative first; empty when no pair does. */
export function combined(known: readonly Requirements[], more: readonly Requirements[]): readonly Requirements[] {
  const distinct = new Map<string, Requirements>();
  for (const one of known) {
    for (const other of more) {
      if (!one.overlaps(other)) continue;
      const both = one.merge(other);
      distinct.set(identityOf(both), both);
      if (distinct.size === MOST_ALTERNATIVES) return [...distinct.values()];
    }
  }
  return [...distinct.values()];
}

export function identityOf(requirements: Requirements): string {
  return JSON.stringify(requirements.toSpecs());
}

/** None when the expressions exclude each other: what is left would read like "the label must be absent". */
function requirementsOf(
  expressions: readonly NodeSelectorRequirement[],
  normalization: Normalization | undefined,
): readonly Requirements[] {
  const requirements = Requirements.fromSpecs(expressions, normalization);
  const isContradiction = expressions.some(
    ({ key, operator }) =>
      operator !== "NotIn" &&
      operator !== "DoesNotExist" &&
      requirements.get(normalizeKey(key, normalization?.keys)).operator === "DoesNotExist",
  );
  return isContradiction ? [] : [requirements];
}
