import { describe, expect, it } from "vitest";
import { CapacityType, Label, WELL_KNOWN_LABELS } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
} from "../testing/builders/index.ts";
import { cheaperTypes, launchable, narrowed, rateOfAll, spotOnly } from "./replacement.ts";
import { simulateSteps } from "./simulation.ts";
import { finished } from "./steps.ts";

const wellKnown = new Set(WELL_KNOWN_LABELS);
const sold = (name: string, ...sales: readonly (readonly [capacityType: string, price: number | null])[]) =>
  anInstanceType({
    name,
    offerings: sales.map(([capacityType, price]) => anOffering({ capacityType, zone: "z", price })),
  });
const names = (types: readonly InstanceType[] | undefined) => types?.map(({ name }) => name);
const eur = (amount: number) => ({ amount, currency: "EUR" });

const fixed = sold("fixed", ["on-demand", 1]);
const either = sold("either", ["on-demand", 3], ["spot", 2]);
const twin = sold("a-twin", ["on-demand", 1]);
const unpriced = sold("unpriced", ["on-demand", null]);

const nodes = [aDisruptionNode({ type: fixed, pods: [aPod()] })];
const pools = [aConsolidatedPool({ instanceTypes: [fixed, either, twin, unpriced] })];
const claim = finished(simulateSteps(aSnapshot({ nodes, pools }), ["n1"], { respectConsolidateAfter: false }))?.solution
  .newClaims[0];
if (claim === undefined) throw new Error("there is no new machine to choose");

describe("D-77: the types of a planned machine", () => {
  it("the cheapest comes first, of equals by name, and what has no price or cannot be had last", () => {
    const types = [unpriced, either, fixed, twin];
    const plan = narrowed(claim, types, claim.requirements, wellKnown);
    expect(names(plan?.instanceTypes)).toEqual(["a-twin", "fixed", "either", "unpriced"]);
    expect(plan?.cheapest.instanceType.name).toBe("a-twin");
    const onSpot = narrowed(claim, types, spotOnly(claim.requirements), wellKnown);
    expect(names(onSpot?.instanceTypes)).toEqual(["either", "a-twin", "fixed", "unpriced"]);
    expect(onSpot?.cheapest.offering.price).toEqual(eur(2));
    expect(onSpot?.requirements.get(Label.CapacityType).single()).toBe(CapacityType.Spot);
    expect(narrowed(claim, [fixed], spotOnly(claim.requirements), wellKnown)).toBeUndefined();
  });

  it("what can be launched is what is sold under the requirements", () => {
    expect(names(launchable([fixed, either], claim.requirements, wellKnown))).toEqual(["fixed", "either"]);
    expect(names(launchable([fixed, either], spotOnly(claim.requirements), wellKnown))).toEqual(["either"]);
  });
});

describe("D-79: what is certain to be cheaper", () => {
  const anyKind = claim.requirements.without(Label.CapacityType);
  const below = (type: InstanceType, amount: number) =>
    cheaperTypes({ ...claim, requirements: anyKind, instanceTypes: [type] }, eur(amount), wellKnown).length > 0;

  it("reservations come before spot, and spot before on demand, whatever is cheaper; of each the dearest counts", () => {
    const all = sold("all", ["reserved", 4], ["reserved", 6], ["spot", 2], ["spot", 3], ["on-demand", 1]);
    expect([below(all, 6), below(all, 6.01)]).toEqual([false, true]);
    const two = sold("two", ["spot", 2], ["spot", 3], ["on-demand", 9]);
    expect([below(two, 3), below(two, 3.01)]).toEqual([false, true]);
    expect([below(fixed, 1), below(fixed, 1.01), below(unpriced, 100)]).toEqual([false, true, false]);
  });

  it("what is sold out does not count", () => {
    const offerings = [
      anOffering({ capacityType: "spot", zone: "z", price: 9, available: "sold out" }),
      anOffering({ capacityType: "spot", zone: "y", price: 1 }),
    ];
    expect(below(anInstanceType({ name: "some", offerings }), 2)).toBe(true);
  });
});

describe("what candidates cost together", () => {
  it("prices that nobody knows add nothing, and several currencies are not added", () => {
    expect(rateOfAll([{ rate: eur(1) }, {}, { rate: eur(2) }])).toEqual(eur(3));
    expect([rateOfAll([{}]), rateOfAll([])]).toEqual([undefined, undefined]);
    expect(rateOfAll([{ rate: eur(1) }, { rate: { amount: 1, currency: "USD" } }])).toBeUndefined();
  });
});
