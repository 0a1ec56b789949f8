// What the tiny cloud sells, as core's instance types: prices, sizes, and what was refused lately.

import { CapacityType, Label } from "@karpenter-multicloud/core/api";
import type { InstanceType, Offering, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import { Requirement, Requirements } from "@karpenter-multicloud/core/requirements";
import { compareText } from "@karpenter-multicloud/core/units";
import type { TinyType } from "./client.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** What the hypervisor keeps of a machine's memory. */
const VM_SHARE = 0.03;

/** Refusals are laid over the catalogue here, at every read: none is kept longer than it holds. */
export function instanceTypes(types: readonly TinyType[], unavailable: UnavailableOfferings): readonly InstanceType[] {
  return types.map((type) => instanceType(type, unavailable)).sort((a, b) => compareText(a.name, b.name));
}

function instanceType(type: TinyType, unavailable: UnavailableOfferings): InstanceType {
  const offerings = Object.entries(type.prices)
    .sort(([a], [b]) => compareText(a, b))
    .map(([zone, amount]) => offering(type.name, zone, amount, unavailable));
  const open = offerings.filter(({ availability }) => availability.available);
  const places = (key: string): Requirement => {
    const values = [...new Set(open.flatMap(({ requirements }) => requirements.get(key).single() ?? []))];
    return Requirement.of(key, values.length > 0 ? "In" : "DoesNotExist", values);
  };
  return {
    name: type.name,
    requirements: Requirements.of(
      Requirement.of(Label.InstanceType, "In", [type.name]),
      Requirement.of(Label.Arch, "In", ["amd64"]),
      Requirement.of(Label.Os, "In", ["linux"]),
      Requirement.of(Label.Region, "DoesNotExist"),
      Requirement.of(Label.WindowsBuild, "DoesNotExist"),
      places(Label.Zone),
      places(Label.CapacityType),
    ),
    offerings,
    capacity: {
      cpu: type.cpu * 1000,
      memory: Math.floor(type.memoryGiB * GIB * (1 - VM_SHARE)),
      "ephemeral-storage": 40 * GIB,
      pods: 110,
    },
    overhead: {
      kubeReserved: { cpu: 60, memory: 128 * MIB },
      systemReserved: { cpu: 40, memory: 64 * MIB },
      evictionThreshold: { memory: 100 * MIB },
    },
  };
}

function offering(instanceType: string, zone: string, amount: number, unavailable: UnavailableOfferings): Offering {
  const capacityType = CapacityType.OnDemand;
  return {
    requirements: Requirements.fromLabels({ [Label.Zone]: zone, [Label.CapacityType]: capacityType }),
    price: { amount, currency: "EUR" },
    availability: unavailable.availability({ instanceType, zone, capacityType }),
  };
}
