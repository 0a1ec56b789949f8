// Instance types of random shapes, places and prices.

import { CapacityType } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { Requirement } from "../../requirements/index.ts";
import {
  anInstanceType,
  anOffering,
  ascendingTypes,
  CSI_DRIVER,
  FIXTURE_LABELS,
  fixtureTypes,
  VENDOR_A,
} from "../builders/index.ts";
import { FAST, has, RESERVATION_ID, uses, ZONES } from "./draw.ts";
import type { Draw } from "./draw.ts";

export function randomTypes(draw: Draw): readonly InstanceType[] {
  const { chance } = draw;
  if (!has(draw, "prices") && !has(draw, "stock")) return chance.happens(0.6) ? fixtureTypes() : ascendingTypes(6);
  return chance.list(3, 9, (index) => randomType(draw, `t${index}`));
}

function randomType(draw: Draw, name: string): InstanceType {
  const { chance } = draw;
  const cpu = chance.pick([1, 2, 4, 6, 8, 16]);
  const memory = cpu * chance.pick([1, 2, 4, 8]);
  const hasDevices = uses(draw, "devices", 0.4);
  const isLarge = cpu > 4 && memory > 8;
  const type = anInstanceType({
    name,
    cpu: String(cpu),
    memory: `${memory}Gi`,
    pods: chance.pick(["4", "8", "29", "110"]),
    arch: chance.pick(["amd64", "amd64", "amd64", "arm64"]),
    kubeReserved: { cpu: chance.pick(["0", "80m", "200m"]), memory: chance.pick(["0", "100Mi", "600Mi"]) },
    ...(hasDevices && { capacity: { [VENDOR_A]: String(chance.integer(1, 4)) } }),
    offerings: [...offerings(draw, 0.05 * cpu + 0.01 * memory), ...reserved(draw, cpu)],
    requirements: [
      Requirement.of(FIXTURE_LABELS.Size, "In", [isLarge ? "large" : "small"]),
      Requirement.of(FIXTURE_LABELS.Special, isLarge ? "In" : "DoesNotExist", isLarge ? ["optional"] : []),
      Requirement.of(FIXTURE_LABELS.Integer, "In", [String(cpu)]),
    ],
  });
  return uses(draw, "volumes", 0.5) ? { ...type, volumeLimits: { [CSI_DRIVER]: chance.integer(1, 4) } } : type;
}

/** Paid for already, so nearly free; few of them. */
function reserved(draw: Draw, cpu: number): readonly Offering[] {
  const { chance } = draw;
  if (!uses(draw, "reservations", 0.5)) return [];
  const options = { capacityType: CapacityType.Reserved, zone: chance.pick(ZONES), price: cpu / 1000 };
  const offering = anOffering({ ...options, labels: { [RESERVATION_ID]: chance.pick(["r1", "r2", "r3"]) } });
  return [{ ...offering, reservationCapacity: chance.integer(0, 2) }];
}

function offerings(draw: Draw, price: number): readonly Offering[] {
  const { chance } = draw;
  const places = ZONES.flatMap((zone) =>
    [CapacityType.OnDemand, CapacityType.Spot].map((capacityType) => ({ zone, capacityType })),
  );
  return chance.some(places, 0.8).map((place) => {
    const discount = place.capacityType === CapacityType.Spot ? 0.4 : 1;
    const isSoldOut = uses(draw, "stock", 0.25);
    const isUnpriced = uses(draw, "stock", 0.1);
    const offering = anOffering({
      ...place,
      // Few different amounts, so that some are equal.
      price: isUnpriced ? null : Math.round(price * discount * chance.pick([100, 100, 110, 130])) / 100,
      ...(isSoldOut && { available: "out of stock" }),
    });
    return uses(draw, "overrides", 0.4) ? { ...offering, ...override(draw) } : offering;
  });
}

function override({ chance }: Draw): Pick<Offering, "capacityOverride" | "overheadOverride"> {
  const own = { kubeReserved: { cpu: 700 }, systemReserved: { memory: 2 ** 28 }, evictionThreshold: {} };
  return chance.pick<Pick<Offering, "capacityOverride" | "overheadOverride">>([
    { capacityOverride: { [FAST]: chance.integer(1, 4) } },
    { capacityOverride: { cpu: chance.pick([1000, 9000]) } },
    { capacityOverride: { memory: 2 ** 34 }, overheadOverride: own },
    { overheadOverride: own },
  ]);
}
