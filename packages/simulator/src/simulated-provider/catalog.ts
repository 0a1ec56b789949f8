// What the simulated cloud sells: 144 types in four zones, spot and on-demand, with Karpenter's formula for prices (SIM-2 to SIM-6).

import { CapacityType, Label } from "@karpenter-multicloud/core/api";
import type { InstanceType, Offering, Overhead } from "@karpenter-multicloud/core/provider";
import { Requirement, Requirements } from "@karpenter-multicloud/core/requirements";
import { compareText } from "@karpenter-multicloud/core/units";
import { KWOK_GROUP } from "./node-class.ts";

export const SimulatedLabel = {
  Size: `${KWOK_GROUP}/instance-size`,
  Family: `${KWOK_GROUP}/instance-family`,
  Cpu: `${KWOK_GROUP}/instance-cpu`,
  Memory: `${KWOK_GROUP}/instance-memory`,
} as const;

export const SIMULATED_ZONES: readonly string[] = ["test-zone-a", "test-zone-b", "test-zone-c", "test-zone-d"];
export const SIMULATED_CURRENCY = "USD";

const CPUS: readonly number[] = [1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256];
const FAMILIES: readonly (readonly [string, number])[] = [
  ["c", 2],
  ["s", 4],
  ["m", 8],
];
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const SPOT_SHARE = 0.7;

/** What each machine keeps for itself (SIM-3). */
export const SIMULATED_OVERHEAD: Overhead = {
  kubeReserved: { cpu: 100, memory: 10 * MIB },
  systemReserved: {},
  evictionThreshold: {},
};

/** Sorted by name. All offerings are available. */
export const SIMULATED_CATALOG: readonly InstanceType[] = CPUS.flatMap((cpu) =>
  FAMILIES.flatMap(([family, gibPerCpu]) =>
    ["linux", "windows"].flatMap((os) =>
      ["amd64", "arm64"].map((arch) => instanceType(family, cpu, gibPerCpu, os, arch)),
    ),
  ),
).sort((a, b) => compareText(a.name, b.name));

/** An hour on demand (SIM-4): memory counts in decimal gigabytes. */
export function onDemandPrice(cpus: number, memoryBytes: number): number {
  return 0.025 * cpus + (0.001 * memoryBytes) / 1e9;
}

function instanceType(family: string, cpu: number, gibPerCpu: number, os: string, arch: string): InstanceType {
  const name = `${family}-${cpu}x-${arch}-${os}`;
  const memory = cpu * gibPerCpu * GIB;
  const is = (key: string, ...values: readonly string[]): Requirement => Requirement.of(key, "In", values);
  return {
    name,
    requirements: Requirements.of(
      is(Label.InstanceType, name),
      is(Label.Arch, arch),
      is(Label.Os, os),
      is(Label.Zone, ...SIMULATED_ZONES),
      is(Label.CapacityType, CapacityType.Spot, CapacityType.OnDemand),
      is(SimulatedLabel.Size, String(cpu)),
      is(SimulatedLabel.Family, family),
      is(SimulatedLabel.Cpu, String(cpu)),
      is(SimulatedLabel.Memory, `${cpu * gibPerCpu}Gi`),
      Requirement.of(Label.Region, "DoesNotExist"),
      Requirement.of(Label.WindowsBuild, "DoesNotExist"),
    ),
    offerings: SIMULATED_ZONES.flatMap((zone) =>
      [CapacityType.OnDemand, CapacityType.Spot].map((capacityType) =>
        offering(zone, capacityType, onDemandPrice(cpu, memory)),
      ),
    ),
    capacity: {
      cpu: cpu * 1000,
      memory,
      pods: Math.min(16 * cpu, 1024),
      "ephemeral-storage": 20 * GIB,
    },
    overhead: SIMULATED_OVERHEAD,
  };
}

function offering(zone: string, capacityType: string, onDemand: number): Offering {
  const amount = capacityType === CapacityType.Spot ? onDemand * SPOT_SHARE : onDemand;
  return {
    requirements: Requirements.of(
      Requirement.of(Label.Zone, "In", [zone]),
      Requirement.of(Label.CapacityType, "In", [capacityType]),
    ),
    price: { amount, currency: SIMULATED_CURRENCY },
    availability: { available: true },
  };
}
