// Turns types, availability, prices and images into the instance types of one class (W-3 to W-12).

import { CapacityType, Label } from "@karpenter-multicloud/core/api";
import type {
  Availability,
  InstanceType,
  InstanceTypes,
  Offering,
  UnavailableOfferings,
} from "@karpenter-multicloud/core/provider";
import { Requirement, Requirements } from "@karpenter-multicloud/core/requirements";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { compareText, hours, minutes } from "@karpenter-multicloud/core/units";

import { SCALEWAY_GPU, ScalewayLabel } from "../api/labels.ts";
import type { ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import type { WireType } from "../client/wire.ts";
import type { ResolvedClass, ResolvedZone } from "../selection/resolved-class.ts";
import { imageFor } from "../selection/resolved-class.ts";
import { capacityOf, overheadOf } from "./capacity.ts";
import { rootVolumeBytes } from "../selection/root-volume.ts";
import type { Catalogue, ZoneListing } from "./server-catalog.ts";
import { archOf, familyOf, isSelected } from "./type-selection.ts";

export interface TypesInput {
  readonly spec: ScalewayNodeClassSpec;
  /** Distinguishes classes and their edits. */
  readonly classKey: string;
  readonly resolved: ResolvedClass;
  readonly catalogue: Catalogue;
  readonly unavailable: UnavailableOfferings;
  readonly memoryOverhead: number;
  readonly minMemory: number;
  /** The pool's requirements name scaleway-gpu (W-23). */
  readonly withScalewayGpu: boolean;
  readonly priceRootVolumeGbHour: number;
  readonly pricePublicIpv4Hour: number;
}

interface Sold {
  readonly type: WireType;
  readonly zone: ResolvedZone;
  readonly listing: ZoneListing;
}

const GB = 1e9;
const MIB = 1024 ** 2;
const MBIT = 1e6;
const WITH_IPV4: readonly string[] = ["dynamic", "flexible", "flexible-ipv4-ipv6"];

export class InstanceTypeCatalog {
  readonly #logger: Logger;
  readonly #byClass = new Map<string, InstanceTypes>();
  readonly #told = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The same object again as long as nothing it is made of has changed. */
  of(input: TypesInput): InstanceTypes {
    const { classKey, withScalewayGpu, resolved, catalogue, unavailable } = input;
    const key = `${classKey}/${withScalewayGpu ? SCALEWAY_GPU : ""}`;
    const version = [key, resolved.version, catalogue.version, unavailable.version].join("/");
    const known = this.#byClass.get(key);
    if (known?.version === version) return known;
    const made: InstanceTypes = { version, items: itemsOf(input, (type) => this.#differs(type)) };
    this.#byClass.set(key, made);
    return made;
  }

  #differs(type: string): void {
    if (this.#told.has(type)) return;
    this.#told.add(type);
    this.#logger.warn("zones tell different sizes of one server type: the smallest is taken", { type });
  }
}

function itemsOf(input: TypesInput, differs: (type: string) => void): readonly InstanceType[] {
  const byName = new Map<string, Sold[]>();
  for (const listing of input.catalogue.zones) {
    const zone = input.resolved.zones.find((each) => each.zone === listing.zone);
    if (zone === undefined) continue;
    for (const type of listing.types.values()) {
      if (!isSelected(type, input.spec, input.minMemory) || type.hourlyPrice === undefined) continue;
      if (imageFor(zone, type) === undefined) continue;
      byName.set(type.name, [...(byName.get(type.name) ?? []), { type, zone, listing }]);
    }
  }
  return [...byName.keys()]
    .toSorted(compareText)
    .flatMap((name) => instanceType(byName.get(name) ?? [], input, differs) ?? []);
}

/** W-3: should zones ever differ in more than price, the smaller machine is what is promised. */
function instanceType(
  all: readonly Sold[],
  input: TypesInput,
  differs: (type: string) => void,
): InstanceType | undefined {
  const [first] = all;
  if (first === undefined) return undefined;
  const sold = all.filter(({ type }) => type.arch === first.type.arch);
  const least = (of: (type: WireType) => number): number => Math.min(...sold.map(({ type }) => of(type)));
  const smallest: WireType = {
    ...first.type,
    cpus: least(({ cpus }) => cpus),
    ramBytes: least(({ ramBytes }) => ramBytes),
    gpus: least(({ gpus }) => gpus),
  };
  if (all.some(({ type }) => !isOfSize(type, smallest))) differs(smallest.name);
  const offerings = sold.flatMap((each) => offeringsOf(each, input));
  const open = offerings.filter(({ availability }) => availability.available);
  const capacity = capacityOf(smallest, input.spec, input.memoryOverhead);
  return {
    name: smallest.name,
    requirements: Requirements.of(
      ...requirementsOf(smallest, sold),
      among(Label.Zone, open),
      among(Label.CapacityType, open),
    ),
    offerings,
    capacity,
    overhead: overheadOf(smallest, input.spec, capacity),
  };
}

function isOfSize(type: WireType, { arch, cpus, ramBytes, gpus }: WireType): boolean {
  return type.arch === arch && type.cpus === cpus && type.ramBytes === ramBytes && type.gpus === gpus;
}

function among(key: string, open: readonly Offering[]): Requirement {
  const values = [...new Set(open.map(({ requirements }) => requirements.get(key).any()))];
  return values.length > 0 ? Requirement.of(key, "In", values) : Requirement.of(key, "DoesNotExist");
}

/** W-23: scaleway-gpu beside on-demand, at the same price, and first where both fit. */
function offeringsOf({ type, zone, listing }: Sold, input: TypesInput): readonly Offering[] {
  const kinds =
    input.withScalewayGpu && type.gpus > 0 ? [SCALEWAY_GPU, CapacityType.OnDemand] : [CapacityType.OnDemand];
  return kinds.map((capacityType) => ({
    requirements: Requirements.of(
      Requirement.of(Label.Zone, "In", [zone.zone]),
      Requirement.of(Label.CapacityType, "In", [capacityType]),
    ),
    price: { amount: priceOf(type, input), currency: "EUR" },
    billing:
      type.gpus > 0 && type.name !== "RENDER-S"
        ? { period: minutes(1), minimum: minutes(1) }
        : { period: hours(1), minimum: hours(1) },
    availability: availabilityOf(type, listing, capacityType, input.unavailable),
  }));
}

/** W-8: the tariffs of volumes and addresses are not in the API; the settings may say them. */
function priceOf(type: WireType, input: TypesInput): number {
  const { spec, priceRootVolumeGbHour, pricePublicIpv4Hour } = input;
  const volume = (priceRootVolumeGbHour * rootVolumeBytes(spec, type.gpus > 0)) / GB;
  const address = WITH_IPV4.includes(spec.publicIP ?? "dynamic") ? pricePublicIpv4Hour : 0;
  return (type.hourlyPrice ?? 0) + volume + address;
}

function availabilityOf(
  type: WireType,
  { zone, stock }: ZoneListing,
  capacityType: string,
  unavailable: UnavailableOfferings,
): Availability {
  if (stock.get(type.name) === "shortage") {
    return { available: false, reason: `Scaleway reports a shortage of ${type.name} in ${zone}` };
  }
  return unavailable.availability({ instanceType: type.name, zone, capacityType });
}

/** W-5: every key of ours is said, also when the type has nothing of it. */
function requirementsOf(type: WireType, sold: readonly Sold[]): readonly Requirement[] {
  const gpu = type.gpus > 0;
  const values: Readonly<Record<string, string | number | undefined>> = {
    [Label.InstanceType]: type.name,
    [Label.Arch]: archOf(type),
    [Label.Os]: "linux",
    [Label.WindowsBuild]: undefined,
    [ScalewayLabel.Family]: familyOf(type.name),
    [ScalewayLabel.Cpu]: type.cpus,
    [ScalewayLabel.Memory]: Math.floor(type.ramBytes / MIB),
    [ScalewayLabel.GpuCount]: gpu ? type.gpus : undefined,
    [ScalewayLabel.GpuName]: gpu ? dashed(type.gpuName) : undefined,
    [ScalewayLabel.GpuManufacturer]: gpu ? dashed(type.gpuManufacturer || "nvidia") : undefined,
    [ScalewayLabel.GpuMemory]: gpu ? Math.floor(type.gpuMemoryBytes / MIB) : undefined,
    [ScalewayLabel.Bandwidth]: Math.floor(type.internetBandwidth / MBIT),
    [ScalewayLabel.LocalSsd]: type.localDiskMax > 0 ? Math.floor(type.localDiskMax / GB) : undefined,
    [ScalewayLabel.Scratch]: type.scratchMax > 0 ? Math.floor(type.scratchMax / GB) : undefined,
  };
  const regions = [...new Set(sold.map(({ zone }) => zone.region))].toSorted(compareText);
  return [
    Requirement.of(Label.Region, "In", regions),
    ...Object.entries(values).map(([key, value]) =>
      value === undefined ? Requirement.of(key, "DoesNotExist") : Requirement.of(key, "In", [String(value)]),
    ),
  ];
}

function dashed(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
