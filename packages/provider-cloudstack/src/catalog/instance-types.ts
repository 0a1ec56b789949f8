// Turns offerings, sizes, zones, networks and templates into the instance types of one class (C-40 to C-46).

import { CapacityType, Label } from "@karpenter-multicloud/core/api";
import type {
  Availability,
  InstanceType,
  InstanceTypes,
  Offering,
  UnavailableOfferings,
} from "@karpenter-multicloud/core/provider";
import { Requirement, Requirements } from "@karpenter-multicloud/core/requirements";
import { compareText, minutes } from "@karpenter-multicloud/core/units";

import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackLabel } from "../api/labels.ts";
import { holderOfNetwork, holderOfStorage } from "./closed-offerings.ts";
import type { ClosedOfferings, Holder, Sizes } from "./closed-offerings.ts";
import type { WireTemplate } from "../client/wire.ts";
import type { Remaining, Tariff } from "../client/wire-account.ts";
import { archOf } from "../selection/resolved-class.ts";
import type { ResolvedClass, ResolvedZone, SelectedOffering } from "../selection/resolved-class.ts";
import { capacityOf, overheadOf, rootGiB } from "../offerings/capacity.ts";
import { shapeName, slug } from "../offerings/names.ts";
import { priceOf } from "../offerings/prices.ts";
import type { PriceFormula } from "../offerings/prices.ts";
import { shapesOf } from "../offerings/shapes.ts";
import type { Shape } from "../offerings/shapes.ts";

export interface TypesInput {
  readonly spec: CloudStackNodeClassSpec;
  /** Distinguishes classes and their edits. */
  readonly classKey: string;
  readonly resolved: ResolvedClass;
  readonly unavailable: UnavailableOfferings;
  readonly closed: ClosedOfferings;
  /** Whom they may be closed to. */
  readonly holders: readonly Holder[];
  readonly remaining: Remaining;
  readonly tariffs: readonly Tariff[];
  readonly formula: PriceFormula;
  readonly currency: string;
  readonly memoryOverhead: number;
  readonly region: string | undefined;
  readonly offeringLabelKeys: readonly string[];
}

/** An instance type, and what an order of it must say. */
export interface Buyable {
  readonly type: InstanceType;
  readonly selected: SelectedOffering;
  readonly shape: Shape;
  readonly arch: string;
}

export interface BuyableTypes extends InstanceTypes {
  readonly buyables: ReadonlyMap<string, Buyable>;
}

interface Place {
  readonly zone: ResolvedZone;
  readonly template: WireTemplate;
}

export class InstanceTypeCatalog {
  readonly #byClass = new Map<string, BuyableTypes>();

  /** The same object again as long as nothing it is made of has changed. */
  of(input: TypesInput): BuyableTypes {
    const { classKey, resolved, unavailable, closed, holders, remaining, tariffs } = input;
    const refused = `${unavailable.version}.${closed.version([...holders, ...placesOf(resolved)])}`;
    const version = [classKey, resolved.version, refused, JSON.stringify(remaining), tariffs.length].join("/");
    const key = [classKey, ...holders].join("/");
    const known = this.#byClass.get(key);
    if (known?.version === version) return known;
    const all = resolved.offerings
      .flatMap((selected) =>
        shapesOf(selected.offering, input.spec.customOfferingShapes).shapes.flatMap(
          (shape) => buyable(selected, shape, input) ?? [],
        ),
      )
      .toSorted((a, b) => compareText(a.type.name, b.type.name));
    const buyables = new Map(all.map((each) => [each.type.name, each]));
    const made = { version, items: [...buyables.values()].map(({ type }) => type), buyables };
    this.#byClass.set(key, made);
    return made;
  }
}

/** Undefined where no zone of the class has a template for it. */
function buyable(selected: SelectedOffering, shape: Shape, input: TypesInput): Buyable | undefined {
  const { offering } = selected;
  const arch = archOf(selected);
  const places = input.resolved.zones.flatMap((zone): Place[] => {
    const template = zone.templates.get(arch);
    const isSold = offering.zoneIds === undefined || offering.zoneIds.includes(zone.id);
    return isSold && template !== undefined ? [{ zone, template }] : [];
  });
  const [first] = places;
  if (first === undefined) return undefined;
  const name = shape.isCustom ? shapeName(selected.name, shape) : selected.name;
  const size = Math.min(...places.map(({ template }) => rootGiB(input.spec, offering, template)));
  const capacity = capacityOf(input.spec, offering, shape, { memoryOverhead: input.memoryOverhead, rootGiB: size });
  const amount = priceOf(offering, shape, size, {
    table: input.spec.priceTable ?? [],
    tariffs: input.tariffs,
    formula: input.formula,
    ...(selected.filed?.price === undefined ? {} : { filed: selected.filed.price }),
  }).perHour;
  const offerings = places.map(({ zone }) => offeringIn(zone, name, { shape, selected, amount }, input));
  const open = offerings.filter(({ availability }) => availability.available);
  const type: InstanceType = {
    name,
    requirements: Requirements.of(
      ...requirementsOf({ name, selected, shape, arch, places }, input),
      among(Label.Zone, open),
      among(Label.CapacityType, open),
    ),
    offerings,
    capacity,
    overhead: overheadOf(input.spec, shape, capacity),
  };
  return { type, selected, shape, arch };
}

function offeringIn(
  zone: ResolvedZone,
  name: string,
  { shape, selected, amount }: Pick<Buyable, "shape" | "selected"> & { readonly amount: number },
  input: TypesInput,
): Offering {
  return {
    requirements: Requirements.of(
      Requirement.of(Label.Zone, "In", [zone.label]),
      Requirement.of(Label.CapacityType, "In", [CapacityType.OnDemand]),
      Requirement.of(CloudStackLabel.ZoneId, "In", [zone.id]),
    ),
    price: { amount, currency: input.currency },
    billing: { period: minutes(1), minimum: minutes(1) },
    availability: availabilityOf(name, { shape, selected }, zone, input),
  };
}

/** C-49: what the account may no longer take is not offered. */
function availabilityOf(
  name: string,
  { shape, selected }: Pick<Buyable, "shape" | "selected">,
  zone: ResolvedZone,
  input: TypesInput,
): Availability {
  const { vm, cpu, memoryMiB, gpu } = input.remaining;
  const sizes = sizesOf({ shape, selected });
  const short =
    vm < 1
      ? "user_vm"
      : cpu < shape.cpu
        ? "cpu"
        : memoryMiB < shape.memoryMiB
          ? "memory"
          : gpu < sizes.gpu
            ? "gpu"
            : undefined;
  if (short !== undefined)
    return { available: false, reason: `LimitReached: the account's limit of ${short} leaves too little` };
  const key = { instanceType: name, zone: zone.label, capacityType: CapacityType.OnDemand };
  const toAll = input.unavailable.availability(key);
  if (!toAll.available) return toAll;
  const found = input.closed.availability([...input.holders, holderOfStorage(selected.offering)], key, sizes);
  return found.available ? networksOf(zone, input.closed) : found;
}

/** Open as long as one of them has addresses; closed until the first may have some again. */
function networksOf({ networks }: ResolvedZone, closed: ClosedOfferings): Availability {
  let soonest: Availability = { available: true };
  for (const network of networks) {
    const found = closed.whole(holderOfNetwork(network));
    if (found.available) return found;
    if (soonest.available || (found.until ?? 0) < (soonest.until ?? 0)) soonest = found;
  }
  return soonest;
}

/** Storage and networks that machines of the class may be refused. */
function placesOf({ offerings, zones }: ResolvedClass): readonly Holder[] {
  const storage = offerings.map(({ offering }) => holderOfStorage(offering));
  const networks = zones.flatMap((zone) => zone.networks.map(holderOfNetwork));
  return [...new Set([...storage, ...networks])];
}

/** What limits of an account or project count. */
export function sizesOf({ shape, selected }: Pick<Buyable, "shape" | "selected">): Sizes {
  return { cpu: shape.cpu, memory: shape.memoryMiB, gpu: selected.offering.gpu?.count ?? 0 };
}

function among(key: string, open: readonly Offering[]): Requirement {
  const values = [...new Set(open.map(({ requirements }) => requirements.get(key).any()))];
  return values.length > 0 ? Requirement.of(key, "In", values) : Requirement.of(key, "DoesNotExist");
}

interface Described {
  readonly name: string;
  readonly selected: SelectedOffering;
  readonly shape: Shape;
  readonly arch: string;
  readonly places: readonly Place[];
}

/** C-42: every key of ours is said, also when the type has nothing of it. */
function requirementsOf({ name, selected, shape, arch, places }: Described, input: TypesInput): readonly Requirement[] {
  const { offering, filed } = selected;
  const { gpu } = offering;
  const zones = places.map(({ zone }) => zone);
  const networks = zones.flatMap((zone) => zone.networks);
  const isWindows = places.some(({ template }) => /windows/i.test(template.osTypeName));
  const values: Readonly<Record<string, string | number | readonly string[] | undefined>> = {
    [Label.InstanceType]: name,
    [Label.Arch]: arch,
    [Label.Os]: isWindows ? "windows" : "linux",
    [Label.WindowsBuild]: undefined,
    [Label.Region]: input.region,
    [CloudStackLabel.ZoneId]: zones.map(({ id }) => id),
    [CloudStackLabel.ZoneName]: zones.map(({ label }) => label),
    [CloudStackLabel.ServiceOfferingId]: offering.id,
    [CloudStackLabel.ServiceOfferingName]: slug(offering.name) || name,
    [CloudStackLabel.NetworkId]: networks.map(({ id }) => id),
    [CloudStackLabel.NetworkName]: networks.map((network) => slug(network.name)),
    [CloudStackLabel.TemplateId]: places.map(({ template }) => template.id),
    [CloudStackLabel.TemplateName]: places.map(({ template }) => slug(template.name)),
    [CloudStackLabel.DiskOfferingId]: input.resolved.disks.map(({ offeringId }) => offeringId),
    [CloudStackLabel.Cpu]: shape.cpu,
    [CloudStackLabel.Memory]: shape.memoryMiB,
    [CloudStackLabel.CpuSpeed]: shape.cpuSpeed,
    [CloudStackLabel.GpuName]: gpu === undefined ? undefined : slug(gpu.name),
    [CloudStackLabel.GpuCount]: gpu?.count,
    [CloudStackLabel.GpuProfile]: gpu === undefined ? undefined : slug(gpu.profile),
    [CloudStackLabel.StorageType]: slug(offering.storageType),
    [CloudStackLabel.HostTags]: offering.hostTags.map(slug),
    [CloudStackLabel.NetworkRate]: offering.networkRate,
    [CloudStackLabel.Ha]: String(offering.offerHa),
    [CloudStackLabel.CpuLimited]: String(offering.limitCpuUse),
    [CloudStackLabel.Custom]: String(shape.isCustom),
    ...Object.fromEntries(input.offeringLabelKeys.map((key) => [key, slugOrNothing(offering.details[key])])),
    ...filed?.labels,
  };
  return Object.entries(values).map(([key, value]) => requirement(key, value));
}

function requirement(key: string, value: string | number | readonly string[] | undefined): Requirement {
  const list = value === undefined ? [] : typeof value === "object" ? value : [String(value)];
  const values = [...new Set(list)].filter((each) => each !== "").toSorted(compareText);
  return values.length === 0 ? Requirement.of(key, "DoesNotExist") : Requirement.of(key, "In", values);
}

function slugOrNothing(value: string | undefined): string | undefined {
  return value === undefined ? undefined : slug(value) || undefined;
}
