// Every mistake in a NodePool that its schema lets pass, all at once.

import { formatTaint, Label, type NodePool, type Taint } from "../../api/index.ts";
import { normalizationOf, wellKnownLabelsOf, type ProviderSettings } from "../../provider/index.ts";
import {
  isLabelValue,
  isQualifiedName,
  isRestrictedKey,
  requirementErrors,
  unknownCapacityTypes,
  type RequirementContext,
} from "../../requirements/index.ts";
import { sortedKeys } from "../../units/index.ts";

/** Empty when the pool may be used. */
export function nodePoolErrors(pool: NodePool, settings: ProviderSettings): readonly string[] {
  const context = contextOf(settings);
  const { metadata, spec } = pool.spec.template;
  return [
    ...labelErrors(metadata?.labels ?? {}, context),
    ...taintErrors([...(spec.taints ?? []), ...(spec.startupTaints ?? [])]),
    ...spec.requirements.flatMap((requirement) => requirementErrors(requirement, context)),
  ];
}

/** capacity types that are not mistakes, because others stand beside them, but that nobody sells. */
export function nodePoolDoubts(pool: NodePool, settings: ProviderSettings): readonly string[] {
  const context = contextOf(settings);
  return pool.spec.template.spec.requirements.flatMap((requirement) => unknownCapacityTypes(requirement, context));
}

function contextOf(settings: ProviderSettings): RequirementContext {
  const { restrictedDomains = [], capacityTypes } = settings;
  return {
    wellKnown: wellKnownLabelsOf(settings),
    restrictedDomains,
    ...(capacityTypes ? { capacityTypes } : {}),
    normalization: normalizationOf(settings),
  };
}

function labelErrors(labels: Readonly<Record<string, string>>, context: RequirementContext): readonly string[] {
  const errors: string[] = [];
  for (const key of sortedKeys(labels)) {
    const value = labels[key] ?? "";
    if (key === Label.NodePool) errors.push(`label ${key} is set by Karpenter itself: remove it`);
    else if (!isQualifiedName(key)) errors.push(`label key "${key}" is not a qualified name`);
    else if (isRestrictedKey(key, context.wellKnown, context.restrictedDomains)) {
      errors.push(`label key "${key}" is restricted: use a domain of your own`);
    }
    if (!isLabelValue(value)) errors.push(`value "${value}" of label ${key} is not a label value`);
  }
  return errors;
}

/** taints and startup taints are one list on the node, unique by key and effect. */
function taintErrors(taints: readonly Taint[]): readonly string[] {
  const errors: string[] = [];
  const seen = new Set<string>();
  for (const taint of taints) {
    if (!isQualifiedName(taint.key)) errors.push(`taint key "${taint.key}" is not a qualified name`);
    if (taint.value && !isQualifiedName(taint.value))
      errors.push(`value "${taint.value}" of taint ${taint.key} is not valid`);
    const id = `${taint.key}:${taint.effect}`;
    if (seen.has(id))
      errors.push(`taint ${formatTaint(taint)} is there twice (taints and startupTaints count together)`);
    seen.add(id);
  }
  return errors;
}
