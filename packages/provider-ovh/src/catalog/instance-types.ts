// Turns flavors, zones and prices into the instance types of one class.

import { CapacityType, Label } from "@karpenter-multicloud/core/api";
import type {
  Availability,
  InstanceType,
  InstanceTypes,
  Offering,
  UnavailableOfferings,
} from "@karpenter-multicloud/core/provider";
import { Requirement, Requirements } from "@karpenter-multicloud/core/requirements";
import { hours } from "@karpenter-multicloud/core/units";

import { OvhLabel } from "../api/labels.ts";
import type { OVHNodeClassSpec } from "../api/ovh-node-class.ts";
import { capacityOf, overheadOf } from "./capacity.ts";
import { isGpuFlavor } from "./flavor.ts";
import type { Flavor } from "./flavor.ts";
import type { FlavorList } from "./flavors.ts";
import type { Place, PriceBook } from "./price-book.ts";
import { HOURS_PER_MONTH } from "./price-list.ts";

/** Where the class's cluster is, as its status says. */
export interface Situation {
  readonly region: string;
  readonly place: Place;
  /** Zone label values of nodes. */
  readonly zones: readonly string[];
}

export interface CatalogInput {
  readonly spec: OVHNodeClassSpec;
  /** Distinguishes classes and their edits. */
  readonly classKey: string;
  readonly situation: Situation;
  readonly flavors: FlavorList;
  readonly prices: { readonly version: number; readonly book: PriceBook };
  readonly unavailable: UnavailableOfferings;
  readonly memoryOverhead: number;
  readonly monthlyFamilies: readonly string[];
}

export class InstanceTypeCatalog {
  readonly #byClass = new Map<string, InstanceTypes>();

  /** The same object again as long as nothing it is made of has changed. */
  of(input: CatalogInput): InstanceTypes {
    const { flavors, prices, unavailable, situation } = input;
    const version = [
      input.classKey,
      situation.zones.join("+"),
      flavors.version,
      prices.version,
      unavailable.version,
    ].join("/");
    const known = this.#byClass.get(input.classKey);
    if (known?.version === version) return known;
    const items = selected(input).map((flavor) => instanceType(flavor, input));
    const made: InstanceTypes = { version, items };
    this.#byClass.set(input.classKey, made);
    return made;
  }
}

function selected({ flavors, spec }: CatalogInput): readonly Flavor[] {
  const { families, names, excludeNames, states } = spec.flavorSelector ?? {};
  const listed = (list: readonly string[] | undefined, value: string): boolean => !list?.length || list.includes(value);
  return flavors.flavors.filter(
    (flavor) =>
      listed(families, flavor.family) &&
      listed(names, flavor.name) &&
      listed(states, flavor.state) &&
      !excludeNames?.includes(flavor.name),
  );
}

function instanceType(flavor: Flavor, input: CatalogInput): InstanceType {
  const offerings = zonesOf(input).map((zone) => offering(flavor, zone, input));
  const open = offerings.filter((each) => each.availability.available);
  const zones = open.map((each) => each.requirements.get(Label.Zone).any());
  return {
    name: flavor.name,
    requirements: Requirements.of(
      ...requirementsOf(flavor, input),
      zones.length > 0 ? Requirement.of(Label.Zone, "In", zones) : Requirement.of(Label.Zone, "DoesNotExist"),
      open.length > 0
        ? Requirement.of(Label.CapacityType, "In", [CapacityType.OnDemand])
        : Requirement.of(Label.CapacityType, "DoesNotExist"),
    ),
    offerings,
    capacity: capacityOf(flavor, input.memoryOverhead),
    overhead: overheadOf(flavor, input.spec),
  };
}

function zonesOf({ situation, spec }: CatalogInput): readonly string[] {
  const wanted = spec.zones;
  return wanted?.length ? situation.zones.filter((zone) => wanted.includes(zone)) : situation.zones;
}

function offering(flavor: Flavor, zone: string, input: CatalogInput): Offering {
  const { book } = input.prices;
  const monthly = input.spec.monthlyBilled === true;
  const hourly = book.hourly(flavor, input.situation.place, input.flavors.flavors);
  const quote = monthly ? (monthlyQuote(flavor, input) ?? hourly) : hourly;
  const month = hours(HOURS_PER_MONTH);
  return {
    requirements: Requirements.of(
      Requirement.of(Label.Zone, "In", [zone]),
      Requirement.of(Label.CapacityType, "In", [CapacityType.OnDemand]),
    ),
    price: quote.rate,
    ...(monthly ? { billing: { period: month, minimum: month } } : {}),
    availability: availability(flavor, zone, input),
  };
}

function availability(flavor: Flavor, zone: string, input: CatalogInput): Availability {
  if (flavor.unavailable !== undefined) return { available: false, reason: flavor.unavailable };
  if (input.spec.monthlyBilled && monthlyQuote(flavor, input) === undefined) {
    return { available: false, reason: `monthly billing exists for ${input.monthlyFamilies.join(", ")} only` };
  }
  return input.unavailable.availability({ instanceType: flavor.name, zone, capacityType: CapacityType.OnDemand });
}

function monthlyQuote(flavor: Flavor, input: CatalogInput): ReturnType<PriceBook["monthly"]> {
  return input.monthlyFamilies.includes(flavor.family) ? input.prices.book.monthly(flavor) : undefined;
}

/** O-18: every key of ours is said, also when the flavor has nothing of it. */
function requirementsOf(flavor: Flavor, { situation, spec }: CatalogInput): readonly Requirement[] {
  const gpu = isGpuFlavor(flavor);
  const values: Readonly<Record<string, string | number | undefined>> = {
    [Label.InstanceType]: flavor.name,
    [Label.Arch]: "amd64",
    [Label.Os]: "linux",
    [Label.Region]: situation.region,
    [Label.WindowsBuild]: undefined,
    [OvhLabel.Category]: flavor.category,
    [OvhLabel.Family]: flavor.family,
    [OvhLabel.Generation]: flavor.generation,
    [OvhLabel.Size]: labelValue(flavor.size),
    [OvhLabel.Cpu]: flavor.vCPUs,
    [OvhLabel.Memory]: flavor.ramGB * 1024,
    [OvhLabel.GpuCount]: gpu ? flavor.gpus : undefined,
    [OvhLabel.GpuName]: labelValue(flavor.gpu?.model.toLowerCase().replace(/[^a-z0-9._-]+/g, "-")),
    [OvhLabel.GpuMemory]: flavor.gpu?.memoryGB,
    [OvhLabel.LocalNvme]: flavor.localNvmeGB,
    [OvhLabel.Bandwidth]: flavor.bandwidthMbits,
    [OvhLabel.Billing]: spec.monthlyBilled ? "monthly" : "hourly",
    [OvhLabel.AzType]: situation.place === "3az" ? "3az" : "1az",
    [OvhLabel.MksNodeType]: gpu ? "gpu" : "standard",
  };
  return Object.entries(values).map(([key, value]) =>
    value === undefined ? Requirement.of(key, "DoesNotExist") : Requirement.of(key, "In", [String(value)]),
  );
}

function labelValue(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
