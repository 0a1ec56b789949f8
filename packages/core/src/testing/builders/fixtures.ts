// The three lists of instance types that the scheduling rules' test cases are written for, and the pool that offers them.

import { CapacityType, Label, WELL_KNOWN_LABELS } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { Requirement } from "../../requirements/index.ts";
import { parseQuantity } from "../../units/index.ts";
import { aPoolInput } from "./node-pool.ts";
import type { PoolInputOptions } from "./node-pool.ts";
import { anInstanceType, anOffering } from "./instance-type.ts";
import type { PoolInput, ProblemInput } from "../../scheduling/index.ts";

/** Keys the fixtures' provider adds to the well-known ones. */
export const FIXTURE_LABELS = { Size: "size", Special: "special", Integer: "integer" } as const;

export const FIXTURE_WELL_KNOWN: ReadonlySet<string> = new Set([
  ...WELL_KNOWN_LABELS,
  ...Object.values(FIXTURE_LABELS),
]);

export const FIXTURE_ZONES = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;

const USUAL_PLACES: NonNullable<FixtureShape["places"]> = [
  [CapacityType.Spot, FIXTURE_ZONES[0]],
  [CapacityType.Spot, FIXTURE_ZONES[1]],
  ...FIXTURE_ZONES.map((zone) => [CapacityType.OnDemand, zone] as const),
];

export const VENDOR_A = "vendor-a.com/gpu";
const VENDOR_B = "vendor-b.com/gpu";

export interface FixtureShape {
  readonly name: string;
  readonly cpu: number;
  readonly memoryGi: number;
  readonly pods: number;
  readonly arch?: string;
  /** @defaultValue linux, windows and darwin */
  readonly os?: readonly string[];
  /** Where it is sold, at one price. @defaultValue spot in two zones, on demand in three */
  readonly places?: readonly (readonly [capacityType: string, zone: string])[];
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

const CORES: readonly number[] = [1, 2, 4, 8, 16, 32, 64];
const MEMORIES: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128];

/** 1,344 types: every combination of size, zone, capacity type, system and architecture, sold in one place each. */
export function combinationTypes(): readonly InstanceType[] {
  return CORES.flatMap((cpu) => MEMORIES.flatMap((memoryGi) => combinationsOf(cpu, memoryGi)));
}

function combinationsOf(cpu: number, memoryGi: number): readonly InstanceType[] {
  const variants = FIXTURE_ZONES.flatMap((zone) =>
    [CapacityType.Spot, CapacityType.OnDemand].flatMap((capacityType) =>
      ["linux", "windows"].flatMap((os) => ["amd64", "arm64"].map((arch) => ({ zone, capacityType, os, arch }))),
    ),
  );
  return variants.map(({ zone, capacityType, os, arch }) =>
    fixtureType({
      name: `${cpu}-cpu-${memoryGi}-mem-${arch}-${os}-${zone}-${capacityType}`,
      cpu,
      memoryGi,
      pods: 5,
      arch,
      os: [os],
      places: [[capacityType, zone]],
    }),
  );
}

/** Without requirements, over the six types and up to 2,000 cores, unless changed. */
export function fixturePool(changes: PoolInputOptions = {}): PoolInput {
  return aPoolInput({ instanceTypes: fixtureTypes(), limits: { cpu: "2000" }, ...changes });
}

/** One pool without requirements over the six types; everything can be replaced. */
export function aProblem(changes: Partial<ProblemInput> = {}): ProblemInput {
  return {
    pods: [],
    nodePools: [fixturePool()],
    nodes: [],
    daemonSets: [],
    wellKnownLabels: FIXTURE_WELL_KNOWN,
    ...changes,
  };
}

/** A type of the fixtures' provider: it keeps a tenth of a core and 10Mi, and costs by its size. */
export function fixtureType({ name, cpu, memoryGi, pods, arch, extra, ...more }: FixtureShape): InstanceType {
  const isLarge = cpu > 4 && memoryGi > 8;
  const price = 0.1 * cpu + 0.1 * gigabytes(memoryGi) + (extra ? 1 : 0);
  return anInstanceType({
    name,
    cpu: String(cpu),
    memory: `${memoryGi}Gi`,
    pods: String(pods),
    kubeReserved: { cpu: "100m", memory: "10Mi" },
    os: more.os ?? ["linux", "windows", "darwin"],
    ...(arch && { arch }),
    ...(extra && { capacity: extra }),
    offerings: (more.places ?? USUAL_PLACES).map(([capacityType, zone]) => anOffering({ capacityType, zone, price })),
    requirements: [
      Requirement.of(FIXTURE_LABELS.Size, "In", [isLarge ? "large" : "small"]),
      Requirement.of(FIXTURE_LABELS.Special, isLarge ? "In" : "DoesNotExist", isLarge ? ["optional"] : []),
      Requirement.of(FIXTURE_LABELS.Integer, "In", [String(cpu)]),
    ],
  });
}

function gigabytes(gibibytes: number): number {
  return parseQuantity(`${gibibytes}Gi`).toNumberUp() / 1e9;
}

/** The zone label's key, for selectors. */
export const ZONE = Label.Zone;
