// Instance types and offerings for tests: one machine shape, sold on demand in one zone, unless said otherwise.

import { CapacityType, Label } from "../../api/index.ts";
import type { ResourceList } from "../../api/index.ts";
import type { Availability, InstanceType, Offering } from "../../provider/index.ts";
import { Requirement, Requirements } from "../../requirements/index.ts";
import { allocatableFrom, compareText } from "../../units/index.ts";

export interface OfferingOptions {
  readonly zone?: string;
  readonly capacityType?: string;
  /** Undefined key: 0.1; null: unpriced. */
  readonly price?: number | null;
  readonly currency?: string;
  /** True, or why not. */
  readonly available?: true | string;
  readonly until?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface InstanceTypeOptions {
  readonly name?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly capacity?: ResourceList;
  readonly kubeReserved?: ResourceList;
  readonly arch?: string;
  readonly os?: readonly string[];
  readonly offerings?: readonly Offering[];
  /** Further requirements, and replacements of the default ones. */
  readonly requirements?: readonly Requirement[];
}

export function anOffering(options: OfferingOptions = {}): Offering {
  const { zone = "test-zone-1", capacityType = CapacityType.OnDemand, price = 0.1, currency = "EUR" } = options;
  return {
    requirements: Requirements.fromLabels({
      [Label.Zone]: zone,
      [Label.CapacityType]: capacityType,
      ...options.labels,
    }),
    price: price === null ? undefined : { amount: price, currency },
    availability: availability(options),
  };
}

export function anInstanceType(options: InstanceTypeOptions = {}): InstanceType {
  const { name = "m.4", cpu = "4", memory = "16Gi", pods = "110", capacity } = options;
  const offerings = options.offerings ?? [anOffering()];
  const replaced = new Set(options.requirements?.map(({ key }) => key));
  const defaults = [
    Requirement.of(Label.InstanceType, "In", [name]),
    Requirement.of(Label.Arch, "In", [options.arch ?? "amd64"]),
    Requirement.of(Label.Os, "In", options.os ?? ["linux"]),
    Requirement.of(Label.WindowsBuild, "DoesNotExist"),
    Requirement.of(Label.Region, "DoesNotExist"),
    Requirement.of(Label.NodePool, "Exists"),
    available(Label.Zone, offerings),
    available(Label.CapacityType, offerings),
  ];
  return {
    name,
    requirements: Requirements.of(...defaults.filter(({ key }) => !replaced.has(key)), ...(options.requirements ?? [])),
    offerings,
    capacity: allocatableFrom({ cpu, memory, pods, "ephemeral-storage": "100Gi", ...capacity }),
    overhead: {
      kubeReserved: allocatableFrom(options.kubeReserved),
      systemReserved: {},
      evictionThreshold: {},
    },
  };
}

/** S-126: the set over the available offerings. */
function available(key: string, offerings: readonly Offering[]): Requirement {
  const values = offerings
    .filter(({ availability: { available: isAvailable } }) => isAvailable)
    .flatMap(({ requirements }) => requirements.get(key).single() ?? []);
  return Requirement.of(key, values.length > 0 ? "In" : "DoesNotExist", [...new Set(values)].toSorted(compareText));
}

function availability({ available: state = true, until }: OfferingOptions): Availability {
  if (state === true) return { available: true };
  return { available: false, reason: state, ...(until !== undefined && { until }) };
}
