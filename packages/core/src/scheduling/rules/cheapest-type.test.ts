// Whatever pool and pod allow together, the plan counts on the cheapest of it and lists nothing else (S-125, S-126, S-505).

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CapacityType, Label } from "../../api/index.ts";
import type { RequirementSpec } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import {
  anInstanceType,
  anOffering,
  aPod,
  aProblem,
  combinationTypes,
  FIXTURE_ZONES,
  fixturePool,
} from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { refusals, typeNames } from "../../testing/read-solution.ts";
import type { ProblemInput, Solution } from "../index.ts";

const VALUES = {
  [Label.Arch]: ["amd64", "arm64"],
  [Label.Os]: ["linux", "windows"],
  [Label.Zone]: FIXTURE_ZONES,
  [Label.CapacityType]: [CapacityType.Spot, CapacityType.OnDemand],
} as const;

const MI = 1024 ** 2;
const TYPES = combinationTypes();

/** Key → the values allowed; a key that is missing is open. */
type Restriction = Readonly<Record<string, readonly string[]>>;

const choices = Object.entries(VALUES).map(([key, values]) =>
  fc.option(fc.subarray<string>([...values], { minLength: 1 }), { nil: undefined }).map((some) => [key, some] as const),
);
const restrictions: fc.Arbitrary<Restriction> = fc
  .tuple(...choices)
  .map((chosen) => Object.fromEntries(chosen.flatMap(([key, some]) => (some === undefined ? [] : [[key, some]]))));

const sizes = fc.record({ cpu: fc.constantFrom(0, 1, 3, 20, 60), memoryGi: fc.constantFrom(0, 1, 5, 30, 100) });

function asSpecs(restriction: Restriction): readonly RequirementSpec[] {
  return Object.entries(restriction).map(([key, values]) => ({ key, operator: "In" as const, values }));
}

/** By the type's own lists: no code of the engine's. */
function matches({ requirements, capacity }: InstanceType, all: readonly Restriction[], size: Size): boolean {
  const allowed = all.every((restriction) =>
    Object.entries(restriction).every(([key, values]) => values.includes([...requirements.get(key).values][0] ?? "")),
  );
  const free = { cpu: (capacity["cpu"] ?? 0) - 100, memory: (capacity["memory"] ?? 0) - 10 * MI };
  return allowed && free.cpu >= 1000 * size.cpu && free.memory >= 1024 * MI * size.memoryGi;
}

interface Size {
  readonly cpu: number;
  readonly memoryGi: number;
}

function priceOf({ offerings }: InstanceType): number {
  return offerings[0]?.price?.amount ?? Infinity;
}

function problemOf(types: readonly InstanceType[], ofPool: Restriction, ofPod: Restriction, size: Size): ProblemInput {
  const term = asSpecs(ofPod).map(({ key, values = [] }) => [key, "In", ...values] as const);
  const pod = aPod({
    requests: { cpu: String(size.cpu), memory: `${size.memoryGi}Gi` },
    ...(term.length > 0 && { requiredTerms: [term] }),
  });
  return aProblem({ pods: [pod], nodePools: [fixturePool({ instanceTypes: types, requirements: asSpecs(ofPool) })] });
}

describe.each(PARITY_ENGINES)("the choice of instance types ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));

  it("T-37: of 1,344 types in any order, the cheapest that pool and pod allow is planned and only such are listed", () => {
    const shuffled = fc.shuffledSubarray([...TYPES], { minLength: TYPES.length });
    fc.assert(
      fc.property(shuffled, restrictions, restrictions, sizes, (types, ofPool, ofPod, size) => {
        const { newClaims, failures } = solve(problemOf(types, ofPool, ofPod, size));
        const matching = TYPES.filter((type) => matches(type, [ofPool, ofPod], size));
        const allowed = new Set(matching.map(({ name }) => name));
        const plan = newClaims.map((claim) => ({
          price: claim.cheapest.offering.price?.amount,
          listed: claim.instanceTypes.length,
          foreign: typeNames(claim).filter((name) => !allowed.has(name)),
        }));
        const best = { price: Math.min(...matching.map(priceOf)), listed: Math.min(600, matching.length), foreign: [] };
        expect(plan).toEqual(matching.length > 0 ? [best] : []);
        expect(failures).toHaveLength(matching.length > 0 ? 0 : 1);
      }),
      { numRuns: 60 },
    );
  });

  it.each(Object.entries(VALUES))(
    "T-37: a pod that wants another %s than its pool allows stays pending",
    (key, values) => {
      const [first = "", second = ""] = values;
      const solution = solve(problemOf(TYPES, { [key]: [first] }, { [key]: [second] }, { cpu: 0, memoryGi: 0 }));
      expect([solution.newClaims, refusals(solution)]).toEqual([[], ["RequirementMismatch"]]);
    },
  );

  it("T-38: the price compared is that of an offering the pool allows", () => {
    const type = (name: string, prices: Readonly<Record<string, number>>): InstanceType =>
      anInstanceType({
        name,
        offerings: Object.entries(prices).map(([capacityType, price]) => anOffering({ capacityType, price })),
      });
    const instanceTypes = [type("A", { "on-demand": 1, spot: 0.2 }), type("B", { "on-demand": 1.3, spot: 0.1 })];
    const plan = (values: readonly string[]) => {
      const requirements = [{ key: Label.CapacityType, operator: "In" as const, values }];
      const { newClaims } = solve(
        aProblem({ pods: [aPod()], nodePools: [fixturePool({ instanceTypes, requirements })] }),
      );
      return newClaims.map((claim) => [...typeNames(claim), claim.cheapest.offering.price?.amount]);
    };
    expect(plan(["on-demand"])).toEqual([["A", "B", 1]]);
    expect(plan(["on-demand", "spot"])).toEqual([["B", "A", 0.1]]);
  });
});
