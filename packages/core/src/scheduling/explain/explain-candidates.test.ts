import { describe, expect, it } from "vitest";
import { anInstanceType } from "../../testing/builders/index.ts";
import type { Resources } from "../../units/index.ts";
import { candidatesOf } from "./explain-candidates.ts";
import { allocatableOf, buildsOf } from "../placement/builds.ts";
import { keep, largeEnough, typesOf } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";

const Gi = 1024 ** 3;

function group(
  overhead: Resources,
  ...sizes: readonly (readonly [name: string, cpu: string, memory: string])[]
): TypeGroup {
  const options = sizes.map(([name, cpu, memory]) => {
    const type = anInstanceType({ name, cpu, memory });
    return { type, allocatable: allocatableOf(type), builds: buildsOf(type) };
  });
  return { overhead, hostPorts: [], options };
}

const SOLD = [
  group({}, ["d", "4", "8Gi"], ["b", "16", "8Gi"]),
  group({ cpu: 3000 }, ["a", "18", "16Gi"], ["c", "2", "32Gi"]),
];

describe("S-620: the candidates of a pool", () => {
  it("lack a resource when none has enough of it after its DaemonSets", () => {
    const candidates = candidatesOf(SOLD);
    expect(candidates.blocking({ cpu: 16_000 })).toEqual([]);
    expect(candidates.blocking({ cpu: 16_001, memory: 33 * Gi, "nvidia.com/gpu": 1 })).toEqual([
      "cpu",
      "memory",
      "nvidia.com/gpu",
    ]);
    expect(candidates.isAbsent("nvidia.com/gpu")).toBe(true);
    expect(candidates.isAbsent("cpu")).toBe(false);
  });

  it("have a largest for each resource, the first by name of equal ones", () => {
    expect(candidatesOf(SOLD).largest("cpu")?.type.name).toBe("b");
    expect(candidatesOf(SOLD).largest("memory")?.type.name).toBe("c");
    expect(candidatesOf(SOLD).largest("nvidia.com/gpu")?.type.name).toBe("a");
  });

  it("have a nearest: the smallest share of what is needed is missing, the first by name of equal ones", () => {
    const candidates = candidatesOf(SOLD);
    expect(candidates.nearest({ cpu: 8000, memory: 12 * Gi })?.type.name).toBe("a");
    expect(candidates.nearest({ cpu: 20_000 })?.type.name).toBe("b");
    expect(candidates.nearest({ "nvidia.com/gpu": 1 })?.type.name).toBe("a");
  });

  it("that are large enough are one object for pods that the same types are large enough for", () => {
    const fitting = candidatesOf(SOLD).fitting({ cpu: 4500 });
    expect(typesOf(fitting).map(({ name }) => name)).toEqual(["b", "a"]);
    expect(candidatesOf(SOLD).fitting({ cpu: 5000 })).toBe(fitting);
    expect(candidatesOf(SOLD).fitting({ cpu: 4000 })).not.toBe(fitting);
    expect(candidatesOf(SOLD).fitting({ cpu: 99_000 })).toEqual([]);
  });

  it("S-232: that have debts are never large enough", () => {
    const type = anInstanceType({ name: "poor", cpu: "4", memory: "1Gi", kubeReserved: { memory: "2Gi" } });
    const poor = {
      overhead: {},
      hostPorts: [],
      options: [{ type, allocatable: allocatableOf(type), builds: buildsOf(type) }],
    };
    expect(candidatesOf([poor]).fitting({ cpu: 1000 })).toEqual([]);
  });

  it("answer for a part of the types as if there were no others", () => {
    const part = keep(SOLD, ({ type }) => type.name !== "b" && type.name !== "c");
    const [some, alone] = [candidatesOf(part, SOLD), candidatesOf(part.map((each) => ({ ...each })))];
    for (const requests of [{ cpu: 8000 }, { cpu: 15_000 }, { cpu: 16_000, memory: 9 * Gi }, { memory: 20 * Gi }]) {
      expect(some.list.map(({ type }) => type.name)).toEqual(["a", "d"]);
      expect(some.blocking(requests)).toEqual(alone.blocking(requests));
      expect(some.nearest(requests)?.type.name).toBe(alone.nearest(requests)?.type.name);
      expect(some.fitting(requests)).toEqual(largeEnough(part, requests));
    }
  });
});
