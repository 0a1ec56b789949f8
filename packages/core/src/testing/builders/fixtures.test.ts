import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { allocatableOf } from "../../scheduling/index.ts";
import { ascendingTypes, combinationTypes, fixtureTypes } from "./fixtures.ts";

const MI = 1024 ** 2;

function described(type: InstanceType): string {
  const { cpu = 0, memory = 0, pods } = type.capacity;
  const [first] = type.offerings;
  const own = ["size", "special", "integer", Label.Arch].map((key) => [...type.requirements.get(key).values].join());
  return `${type.name} ${cpu / 1000} ${memory / 1024 / MI} ${pods} ${own.join(" ")} ${first?.price?.amount.toFixed(4)}`;
}

function places({ offerings }: InstanceType): readonly string[] {
  return offerings.map(({ requirements }) =>
    [Label.CapacityType, Label.Zone].map((key) => requirements.get(key).single()).join(" "),
  );
}

/** Everything but the name. */
function factsOf(type: InstanceType): string {
  const [, ...facts] = described(type).split(" ");
  return [...facts, ...type.requirements.get(Label.Os).values, ...places(type)].join(" ");
}

const USUAL = [
  "spot test-zone-1",
  "spot test-zone-2",
  "on-demand test-zone-1",
  "on-demand test-zone-2",
  "on-demand test-zone-3",
];

describe("the instance types of the test cases", () => {
  it("are six in the first list", () => {
    expect(fixtureTypes().map(described)).toEqual([
      "default 4 4 5 small  4 amd64 0.8295",
      "small 2 2 5 small  2 amd64 0.4147",
      "gpu-a 4 4 5 small  4 amd64 1.8295",
      "gpu-b 4 4 5 small  4 amd64 1.8295",
      "arm 16 128 5 large optional 16 arm64 15.3439",
      "single-pod 4 4 1 small  4 amd64 0.8295",
    ]);
    expect(fixtureTypes().map(({ capacity }) => [capacity["vendor-a.com/gpu"], capacity["vendor-b.com/gpu"]])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      [2, undefined],
      [undefined, 2],
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it("grow evenly in the second list", () => {
    expect(ascendingTypes(3).map(described)).toEqual([
      "fake-it-0 1 2 10 small  1 amd64 0.3147",
      "fake-it-1 2 4 20 small  2 amd64 0.6295",
      "fake-it-2 3 6 30 small  3 amd64 0.9442",
    ]);
  });

  it("are sold in the same places at one price, for three systems, and keep a little for themselves", () => {
    for (const type of [...fixtureTypes(), ...ascendingTypes(5)]) {
      const { capacity, offerings, requirements } = type;
      expect(places(type)).toEqual(USUAL);
      expect(new Set(offerings.map(({ price }) => price?.amount)).size).toBe(1);
      expect(offerings.every(({ availability }) => availability.available)).toBe(true);
      expect([...requirements.get(Label.Os).values]).toEqual(["darwin", "linux", "windows"]);
      const free = allocatableOf(type);
      expect([free["cpu"], free["memory"]]).toEqual([
        (capacity["cpu"] ?? 0) - 100,
        (capacity["memory"] ?? 0) - 10 * MI,
      ]);
    }
  });

  it("are all combinations in the third list, each sold in one place", () => {
    const types = combinationTypes();
    expect(new Set(types.map(({ name }) => name)).size).toBe(7 * 8 * 3 * 2 * 2 * 2);
    expect(new Set(types.map(factsOf)).size).toBe(1344);
    expect(types.every(({ offerings }) => offerings.length === 1)).toBe(true);
    expect(new Set(types.flatMap(({ requirements }) => [...requirements.get(Label.Os).values]))).toEqual(
      new Set(["linux", "windows"]),
    );
  });
});
