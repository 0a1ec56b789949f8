import { describe, expect, it } from "vitest";
import { Label, WELL_KNOWN_LABELS } from "../../api/index.ts";
import type { NodeOverlay } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { aNodePool, anInstanceType, anOffering } from "../../testing/builders/index.ts";
import { evaluateOverlays } from "./evaluate-overlays.ts";

const CONTEXT = { wellKnown: new Set(WELL_KNOWN_LABELS) };
const POOL = aNodePool();

function overlay(name: string, spec: Partial<NodeOverlay["spec"]>): NodeOverlay {
  return { metadata: { name }, spec: { requirements: [], ...spec } };
}

const on = (instanceType: string) => ({
  requirements: [{ key: Label.InstanceType, operator: "In" as const, values: [instanceType] }],
});

/** Types at 2.0 per hour. */
function types(...names: readonly string[]): readonly InstanceType[] {
  return names.map((name) => anInstanceType({ name, offerings: [anOffering({ price: 2 })] }));
}

function evaluated(overlays: readonly NodeOverlay[], listed: readonly InstanceType[] = types("m")) {
  const evaluation = evaluateOverlays([{ nodePool: POOL, instanceTypes: listed }], overlays, CONTEXT);
  return { ...evaluation, types: evaluation.instanceTypes(POOL, listed) ?? [] };
}

const pricesOf = (list: readonly InstanceType[]) =>
  list.map(({ offerings }) => offerings.map(({ price }) => price?.amount));

function conflicting({ rejected }: ReturnType<typeof evaluated>): readonly unknown[] {
  return rejected.map((each) => [each.overlay.metadata.name, each.reason]);
}

describe("overlaid prices", () => {
  it.each([
    ["-15%", 1.7],
    ["+10%", 2.2],
    ["+250%", 7],
    ["-100%", 0],
    ["-3", 0],
    ["-0.5", 1.5],
    ["+.5", 2.5],
  ])("TC-56, OV-5: the adjustment %s makes 2 to %d", (priceAdjustment, price) => {
    expect(pricesOf(evaluated([overlay("o", { priceAdjustment })]).types)[0]?.[0]).toBeCloseTo(price, 12);
  });

  it.each([
    ["0", 0],
    ["1.5", 1.5],
  ])("TC-56, OV-5: the price %s takes the place of the listed one", (price, amount) => {
    expect(pricesOf(evaluated([overlay("o", { price })]).types)).toEqual([[amount]]);
  });

  it("OV-5: a price has the list's currency, and an unpriced offering gets it from its neighbours", () => {
    const listed = [
      anInstanceType({ name: "a", offerings: [anOffering({ price: null })] }),
      anInstanceType({ name: "b", offerings: [anOffering({ price: 2, currency: "USD" })] }),
    ];
    expect(evaluated([overlay("o", { price: "3" })], listed).types.map(({ offerings }) => offerings[0]?.price)).toEqual(
      [
        { amount: 3, currency: "USD" },
        { amount: 3, currency: "USD" },
      ],
    );
    expect(pricesOf(evaluated([overlay("o", { priceAdjustment: "+1" })], listed).types)).toEqual([[undefined], [3]]);
  });
});

describe("which overlays count", () => {
  it("TC-55, OV-4: the heavier of two sets the price, and both are valid", () => {
    const found = evaluated([overlay("a", { weight: 5, price: "2" }), overlay("b", { weight: 10, price: "1" })]);
    expect(pricesOf(found.types)).toEqual([[1]]);
    expect(found.rejected).toEqual([]);
  });

  it("TC-55, OV-3: of equal weight the one whose name is earlier is rejected for every type", () => {
    const found = evaluated(
      [overlay("a", { price: "1" }), overlay("b", { ...on("m"), price: "3" })],
      types("m", "other"),
    );
    expect(conflicting(found)).toEqual([["a", "Conflict"]]);
    expect(pricesOf(found.types)).toEqual([[3], [2]]);
  });

  it("OV-4: a conflict in one pool rejects the overlay in all pools", () => {
    const other = aNodePool({ name: "other" });
    const listed = types("m");
    const onlyOther = [{ key: Label.NodePool, operator: "In" as const, values: ["other"] }];
    const pools = [POOL, other].map((nodePool) => ({ nodePool, instanceTypes: listed }));
    const overlays = [overlay("a", { price: "1" }), overlay("b", { requirements: onlyOther, price: "3" })];
    const evaluation = evaluateOverlays(pools, overlays, CONTEXT);
    expect(pricesOf(evaluation.instanceTypes(POOL, listed) ?? [])).toEqual([[2]]);
    expect(pricesOf(evaluation.instanceTypes(other, listed) ?? [])).toEqual([[3]]);
  });

  it("OV-4: the weight that counts is that of the last overlay seen for the offering", () => {
    const found = evaluated([
      overlay("c", { weight: 9, price: "1" }),
      overlay("b", { weight: 5, price: "5" }),
      overlay("a", { weight: 5, price: "6" }),
    ]);
    expect(conflicting(found)).toEqual([["a", "Conflict"]]);
    expect(pricesOf(found.types)).toEqual([[1]]);
  });

  it("OV-4: prices on different offerings of one type do not conflict", () => {
    const offerings = ["z1", "z2"].map((zone) => anOffering({ zone, price: 2 }));
    const inZone = (zone: string) => [{ key: Label.Zone, operator: "In" as const, values: [zone] }];
    const found = evaluated(
      [
        overlay("a", { requirements: inZone("z1"), price: "1" }),
        overlay("b", { requirements: inZone("z2"), price: "3" }),
      ],
      [anInstanceType({ offerings })],
    );
    expect(pricesOf(found.types)).toEqual([[1, 3]]);
  });

  it("OV-4: a rejected overlay adds no capacity either", () => {
    const found = evaluated([
      overlay("a", { price: "1", capacity: { "example.com/a": "1" } }),
      overlay("b", { price: "1" }),
    ]);
    expect(conflicting(found)).toEqual([["a", "Conflict"]]);
    expect(found.types[0]?.capacity["example.com/a"]).toBeUndefined();
  });

  it("OV-4: three of one weight conflict about a resource although the middle one is about another", () => {
    const found = evaluated([
      overlay("c", { capacity: { "example.com/a": "1" } }),
      overlay("b", { capacity: { "example.com/b": "1" } }),
      overlay("a", { capacity: { "example.com/a": "1" } }),
    ]);
    expect(conflicting(found)).toEqual([["a", "Conflict"]]);
  });

  it.each([
    ["capacity of the machine itself", { capacity: { cpu: "1" } }],
    ["NotIn without values", { requirements: [{ key: "x", operator: "NotIn" as const, values: [] }] }],
    ["a key that is restricted", { requirements: [{ key: Label.Hostname, operator: "Exists" as const }] }],
    ["price and adjustment", { price: "1", priceAdjustment: "+1" }],
    ["a price in another notation", { price: "1e3" }],
    ["an adjustment without sign", { priceAdjustment: "10%" }],
    ["more than all of it off", { priceAdjustment: "-100.5%" }],
  ])("A-17: %s is refused", (_, spec) => {
    const found = evaluated([overlay("o", { price: "1", ...spec })]);
    expect(conflicting(found)).toEqual([["o", "RuntimeValidation"]]);
    expect(pricesOf(found.types)).toEqual([[2]]);
  });
});

describe("overlaid capacity", () => {
  it("OV-5: per resource the heaviest wins; what the type has itself of an extended resource is overwritten", () => {
    const listed = [anInstanceType({ capacity: { "example.com/a": "7" } })];
    const { types: found } = evaluated(
      [
        overlay("x", { weight: 1, capacity: { "example.com/a": "1", "example.com/b": "2" } }),
        overlay("y", { weight: 2, capacity: { "example.com/a": "3" } }),
      ],
      listed,
    );
    expect(found[0]?.capacity).toEqual({ ...listed[0]?.capacity, "example.com/a": 3, "example.com/b": 2 });
  });

  it("OV-3: one offering that matches is enough for the whole type, none is not", () => {
    const offerings = ["z1", "z2"].map((zone) => anOffering({ zone }));
    const inZone = (zone: string) =>
      overlay("o", {
        requirements: [{ key: Label.Zone, operator: "In", values: [zone] }],
        capacity: { "example.com/a": "1" },
      });
    const listed = [anInstanceType({ offerings })];
    expect(evaluated([inZone("z2")], listed).types[0]?.capacity["example.com/a"]).toBe(1);
    expect(evaluated([inZone("z9")], listed).types[0]).toBe(listed[0]);
  });
});

describe("S-518: the list itself", () => {
  it("is never changed, and types that no overlay is about stay the same objects", () => {
    const listed = types("m", "other");
    const before = JSON.stringify(listed);
    const { types: found } = evaluated(
      [overlay("o", { ...on("m"), price: "1", capacity: { "example.com/a": "1" } })],
      listed,
    );
    expect(JSON.stringify(listed)).toBe(before);
    expect(found[1]).toBe(listed[1]);
    expect(found[0]?.requirements).toBe(listed[0]?.requirements);
    expect(found[0]?.overlaid).toEqual({ price: true, capacity: true });
  });

  it("S-503: what an offering brings of its own stays with it when its price changes", () => {
    const own = { ...anOffering({ price: 2 }), capacityOverride: { "example.com/a": 1 }, reservationCapacity: 3 };
    const { types: found } = evaluated([overlay("o", { price: "1" })], [anInstanceType({ offerings: [own] })]);
    expect(found[0]?.offerings).toEqual([{ ...own, price: { amount: 1, currency: "EUR" } }]);
  });

  it("S-1015: the same list gets the same answer, another list its own", () => {
    const listed = types("m");
    const evaluation = evaluateOverlays(
      [{ nodePool: POOL, instanceTypes: listed }],
      [overlay("o", { price: "1" })],
      CONTEXT,
    );
    const [first, second, other] = [listed, listed, types("other")].map((list) => evaluation.instanceTypes(POOL, list));
    expect(second).toBe(first);
    expect(other?.map(({ name }) => name)).toEqual(["other"]);
  });

  it("OV-3: labels of the pool's template count, its requirements do not", () => {
    const gold = aNodePool({ name: "gold", labels: { plan: "gold" } });
    const asked = aNodePool({ name: "asked", requirements: [{ key: "plan", operator: "In", values: ["gold"] }] });
    const listed = types("m");
    const pools = [gold, asked].map((nodePool) => ({ nodePool, instanceTypes: listed }));
    const overlays = [overlay("o", { requirements: [{ key: "plan", operator: "In", values: ["gold"] }], price: "1" })];
    const evaluation = evaluateOverlays(pools, overlays, CONTEXT);
    expect(pricesOf(evaluation.instanceTypes(gold, listed) ?? [])).toEqual([[1]]);
    expect(pricesOf(evaluation.instanceTypes(asked, listed) ?? [])).toEqual([[2]]);
  });

  it("TC-57, OV-6: a pool whose list was not there has no types yet, the others have", () => {
    const evaluation = evaluateOverlays([{ nodePool: POOL, instanceTypes: types("m") }], [], CONTEXT);
    expect(evaluation.instanceTypes(POOL, types("m"))).toHaveLength(1);
    expect(evaluation.instanceTypes(aNodePool({ name: "late" }), types("m"))).toBeUndefined();
  });
});
