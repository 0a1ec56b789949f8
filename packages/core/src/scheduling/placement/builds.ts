// The machines that one instance type may turn out to be: offerings may bring a capacity and an overhead of their own (S-502, S-503).

import { CapacityType, Label } from "../../api/index.ts";
import type { InstanceType, Offering, Overhead } from "../../provider/index.ts";
import { addResources, sortedKeys, subtractResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";

export interface Build {
  readonly allocatable: Resources;
  /** Those that sell it, the unavailable ones too. */
  readonly offerings: readonly Offering[];
}

/** S-502: capacity minus what the machine keeps for itself; huge pages are taken out of memory. */
export function allocatableOf({ capacity, overhead }: Pick<InstanceType, "capacity" | "overhead">): Resources {
  const reserved = addResources(overhead.kubeReserved, overhead.systemReserved, overhead.evictionThreshold);
  const allocatable: Record<string, number> = { ...subtractResources(capacity, reserved) };
  let hugePages = 0;
  for (const [resource, amount] of Object.entries(capacity)) {
    if (resource.startsWith("hugepages-")) hugePages += amount;
  }
  if (hugePages > 0) allocatable["memory"] = Math.max(0, (allocatable["memory"] ?? 0) - hugePages);
  return allocatable;
}

/** The type as it is comes first, unless each of its offerings changes something: then nobody can buy it so. */
export function buildsOf(type: InstanceType, offerings: readonly Offering[] = type.offerings): readonly Build[] {
  const plain: Offering[] = [];
  const changed = new Map<string, { readonly allocatable: Resources; readonly offerings: Offering[] }>();
  for (const offering of offerings) {
    if (!changesAnything(offering)) {
      plain.push(offering);
      continue;
    }
    const key = JSON.stringify(overridesOf(offering).map(entries));
    const known = changed.get(key);
    if (known) known.offerings.push(offering);
    else changed.set(key, { allocatable: allocatableOf(overridden(type, offering)), offerings: [offering] });
  }
  const asItIs = plain.length > 0 || changed.size === 0 ? [{ allocatable: allocatableOf(type), offerings: plain }] : [];
  return [...asItIs, ...changed.values()];
}

export function isReserved({ requirements }: Offering): boolean {
  return requirements.get(Label.CapacityType).single() === CapacityType.Reserved;
}

/** Entries of an override take the place of the type's own; the others stay. */
function overridden(
  { capacity, overhead }: InstanceType,
  { capacityOverride = {}, overheadOverride = {} }: Offering,
): Pick<InstanceType, "capacity" | "overhead"> {
  const part = (name: keyof Overhead): Resources => ({ ...overhead[name], ...overheadOverride[name] });
  return {
    capacity: { ...capacity, ...capacityOverride },
    overhead: {
      kubeReserved: part("kubeReserved"),
      systemReserved: part("systemReserved"),
      evictionThreshold: part("evictionThreshold"),
    },
  };
}

function changesAnything(offering: Offering): boolean {
  const { capacityOverride, overheadOverride } = offering;
  if (capacityOverride === undefined && overheadOverride === undefined) return false;
  return overridesOf(offering).some((list) => Object.keys(list).length > 0);
}

function overridesOf({ capacityOverride = {}, overheadOverride = {} }: Offering): readonly Resources[] {
  const { kubeReserved = {}, systemReserved = {}, evictionThreshold = {} } = overheadOverride;
  return [capacityOverride, kubeReserved, systemReserved, evictionThreshold];
}

function entries(list: Resources): unknown {
  return sortedKeys(list).map((resource) => [resource, list[resource]]);
}
