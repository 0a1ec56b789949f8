// The two lists of instance types that the scheduling rules' test cases are written for.

import { CapacityType, Label, WELL_KNOWN_LABELS } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { Requirement } from "../../requirements/index.ts";
import { parseQuantity } from "../../units/index.ts";
import { aPoolInput } from "./node-pool.ts";
import { anInstanceType, anOffering } from "./instance-type.ts";
import type { ProblemInput } from "../../scheduling/index.ts";

/** Keys the fixtures' provider adds to the well-known ones. */
export const FIXTURE_LABELS = { Size: "size", Special: "special", Integer: "integer" } as const;

export const FIXTURE_WELL_KNOWN: ReadonlySet<string> = new Set([
  ...WELL_KNOWN_LABELS,
  ...Object.values(FIXTURE_LABELS),
]);

export const VENDOR_A = "vendor-a.com/gpu";
export const VENDOR_B = "vendor-b.com/gpu";

interface Shape {
  readonly name: string;
  readonly cpu: number;
  readonly memoryGi: number;
  readonly pods: number;
  readonly arch?: string;
  readonly extra?: Readonly<Record<string, string>>;
}

/** Six types in three zones, on demand and spot, at the same price in each. */
export function fixtureTypes(): readonly InstanceType[] {
  return [
    fixtureType({ name: "default", cpu: 4, memoryGi: 4, pods: 5 }),
    fixtureType({ name: "small", cpu: 2, memoryGi: 2, pods: 5 }),
    fixtureType({ name: "gpu-a", cpu: 4, memoryGi: 4, pods: 5, extra: { [VENDOR_A]: "2" } }),
    fixtureType({ name: "gpu-b", cpu: 4, memoryGi: 4, pods: 5, extra: { [VENDOR_B]: "2" } }),
    fixtureType({ name: "arm", cpu: 16, memoryGi: 128, pods: 5, arch: "arm64" }),
    fixtureType({ name: "single-pod", cpu: 4, memoryGi: 4, pods: 1 }),
  ];
}

/** `count` types; the i-th has i+1 cores, twice as many Gi and ten times as many pods. */
export function ascendingTypes(count: number): readonly InstanceType[] {
  return Array.from({ length: count }, (_, index) =>
    fixtureType({ name: `fake-it-${index}`, cpu: index + 1, memoryGi: 2 * (index + 1), pods: 10 * (index + 1) }),
  );
}

/** One pool without requirements over the six types; everything can be replaced. */
export function aProblem(changes: Partial<ProblemInput> = {}): ProblemInput {
  return {
    pods: [],
    nodePools: [aPoolInput({ instanceTypes: fixtureTypes(), limits: { cpu: "2000" } })],
    nodes: [],
    daemonSets: [],
    wellKnownLabels: FIXTURE_WELL_KNOWN,
    ...changes,
  };
}

function fixtureType({ name, cpu, memoryGi, pods, arch, extra }: Shape): InstanceType {
  const isLarge = cpu > 4 && memoryGi > 8;
  return anInstanceType({
    name,
    cpu: String(cpu),
    memory: `${memoryGi}Gi`,
    pods: String(pods),
    kubeReserved: { cpu: "100m", memory: "10Mi" },
    os: ["linux", "windows", "darwin"],
    ...(arch && { arch }),
    ...(extra && { capacity: extra }),
    offerings: offeringsAt(0.1 * cpu + 0.1 * bytes(memoryGi) + (extra ? 1 : 0)),
    requirements: [
      Requirement.of(FIXTURE_LABELS.Size, "In", [isLarge ? "large" : "small"]),
      Requirement.of(FIXTURE_LABELS.Special, isLarge ? "In" : "DoesNotExist", isLarge ? ["optional"] : []),
      Requirement.of(FIXTURE_LABELS.Integer, "In", [String(cpu)]),
    ],
  });
}

function bytes(gibibytes: number): number {
  return parseQuantity(`${gibibytes}Gi`).toNumberUp() / 1e9;
}

function offeringsAt(price: number): readonly Offering[] {
  const places: readonly (readonly [string, string])[] = [
    [CapacityType.Spot, "test-zone-1"],
    [CapacityType.Spot, "test-zone-2"],
    [CapacityType.OnDemand, "test-zone-1"],
    [CapacityType.OnDemand, "test-zone-2"],
    [CapacityType.OnDemand, "test-zone-3"],
  ];
  return places.map(([capacityType, zone]) => anOffering({ capacityType, zone, price }));
}

/** The zone label's key, for selectors. */
export const ZONE = Label.Zone;
