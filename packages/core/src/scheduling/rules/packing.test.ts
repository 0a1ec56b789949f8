// Which pods share a machine and how large it is (S-230…S-232, S-306, S-309, S-313, S-318, S-505…S-507).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Container, Pod, PodSpec } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import {
  anInstanceType,
  anOffering,
  aPod,
  aProblem,
  ascendingTypes,
  combinationTypes,
  fixturePool,
  fixtureType,
  fixtureTypes,
  pods,
} from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { cheapestTypes, companies, refusals, typeNames } from "../../testing/read-solution.ts";
import type { ProblemInput, Solution } from "../index.ts";

const MI = 1024 ** 2;
const GI = 1024 * MI;
const amd64 = { nodeSelector: { [Label.Arch]: "amd64" } };

function problemOf(list: readonly Pod[], instanceTypes: readonly InstanceType[] = fixtureTypes()): ProblemInput {
  return aProblem({ pods: list, nodePools: [fixturePool({ instanceTypes })] });
}

/** Everything a plan says, as text. */
function written({ newClaims, existing, failures, deferred, relaxed }: Solution): string {
  const claims = newClaims.map((claim) => ({
    ...claim,
    requirements: claim.requirements.toSpecs(),
    instanceTypes: typeNames(claim),
    cheapest: [claim.cheapest.instanceType.name, claim.cheapest.offering.requirements.toString()],
  }));
  return JSON.stringify({ claims, existing, failures, deferred, relaxed });
}

/** Everything an instance type says, as text. */
function fingerprint(types: readonly InstanceType[]): string {
  return JSON.stringify(
    types.map((type) => ({
      ...type,
      requirements: type.requirements.toSpecs(),
      offerings: type.offerings.map((offering) => ({ ...offering, requirements: offering.requirements.toSpecs() })),
    })),
  );
}

function container(cpu: string, memory: string, restartPolicy?: string): Container {
  return { name: "c", resources: { requests: { cpu, memory } }, ...(restartPolicy && { restartPolicy }) };
}

const sidecar = (cpu: string, memory: string): Container => container(cpu, memory, "Always");

describe.each(PARITY_ENGINES)("packing ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
  const place = (list: readonly Pod[], types?: readonly InstanceType[]): Solution => solve(problemOf(list, types));
  const perClaim = (solution: Solution): readonly number[] => companies(solution).map((names) => names.length);

  it("T-24: a little pod is planned on the cheapest type", () => {
    expect(cheapestTypes(place([aPod({ requests: { memory: "100M" } })]))).toEqual(["small"]);
  });

  it("T-25: five little pods share one node", () => {
    const solution = place(pods(5, { requests: { memory: "10M" } }));
    expect([cheapestTypes(solution), perClaim(solution)]).toEqual([["small"], [5]]);
  });

  it("T-26: two of forty pods fit each node", () => {
    const solution = place(pods(40, { requests: { memory: "1.8G" }, ...amd64 }));
    expect(cheapestTypes(solution)).toEqual(Array<string>(20).fill("default"));
    expect(solution.failures).toEqual([]);
  });

  it("T-27: small pods fill what the large ones left", () => {
    const large = pods(40, { name: "large", requests: { memory: "1.8G" }, ...amd64 });
    const little = pods(20, { name: "little", requests: { memory: "400M" }, ...amd64 });
    const solution = place([...little, ...large]);
    expect(cheapestTypes(solution)).toEqual(Array<string>(20).fill("default"));
    expect(solution.failures).toEqual([]);
  });

  it("T-28: pods of very different size get nodes of different types", () => {
    const list = [aPod({ name: "a", requests: { cpu: "4.5" } }), aPod({ name: "b", requests: { cpu: "1" } })];
    expect(cheapestTypes(place(list, ascendingTypes(5)))).toEqual(["fake-it-4", "fake-it-1"]);
  });

  it("T-29: nodes hold five pods at most", () => {
    const solution = place(pods(25, { requests: { cpu: "1m", memory: "1M" }, ...amd64 }));
    expect(cheapestTypes(solution)).toEqual(Array<string>(5).fill("small"));
    expect(perClaim(solution)).toEqual([5, 5, 5, 5, 5]);
  });

  it("T-30: asking for none of an unknown resource is no obstacle", () => {
    expect(place([aPod({ requests: { "foo.com/bar": "0" } })]).newClaims).toHaveLength(1);
    expect(refusals(place([aPod({ requests: { "foo.com/bar": "1" } })]))).toEqual(["InsufficientResources"]);
  });

  it("T-31: a pod too large for everything learns which type came closest", () => {
    const { newClaims, failures } = place([aPod({ requests: { memory: "2Ti" } })]);
    expect(newClaims).toEqual([]);
    const [pool] = failures[0]?.nodePools ?? [];
    expect(pool).toMatchObject({ reason: "InsufficientResources", closest: { name: "arm" } });
    expect(pool?.detail).toContain("needs 2Ti");
    expect(pool?.detail).toContain("arm offers");
    expect(failures[0]?.summary).toBe(
      "needs memory 2Ti, largest allowed arm offers 128Gi (NodePool default); request less, or allow larger instance types in the NodePool",
    );
  });

  it("T-32: the overhead of the pod's runtime counts", () => {
    const solution = place([aPod({ requests: { cpu: "1" }, spec: { overhead: { cpu: "2" } } })]);
    expect(cheapestTypes(solution)).toEqual(["default"]);
    expect(solution.newClaims.flatMap(typeNames)).not.toContain("small");
  });

  describe("of pods with init containers and sidecars", () => {
    const types = [
      fixtureType({ name: "10", cpu: 10, memoryGi: 4, pods: 5 }),
      fixtureType({ name: "11", cpu: 11, memoryGi: 5, pods: 5 }),
      fixtureType({ name: "12", cpu: 12, memoryGi: 6, pods: 5 }),
    ];
    const listed = (spec: Partial<PodSpec>): readonly string[] =>
      place([aPod({ spec })], types).newClaims.flatMap(typeNames);

    it("T-33: a sidecar after the init container runs beside the containers", () => {
      const initContainers = [container("10", "4Gi"), sidecar("4.9", "2.9Gi")];
      expect(listed({ containers: [container("6", "2Gi")], initContainers })).toEqual(["11", "12"]);
    });

    it("T-34: a sidecar before the init container runs beside both", () => {
      const initContainers = [sidecar("4.9", "2.9Gi"), container("5", "1Gi")];
      expect(listed({ containers: [container("6", "2Gi")], initContainers })).toEqual(["11", "12"]);
    });

    it("T-34: an init container that is the largest part counts together with the sidecar before it", () => {
      const initContainers = [sidecar("4.9", "2.9Gi"), container("6", "2Gi")];
      expect(listed({ containers: [container("5", "1Gi")], initContainers })).toEqual(["11", "12"]);
    });

    it("T-35: requests of the pod itself replace those of its containers", () => {
      const parts = {
        containers: [container("5", "1Gi")],
        initContainers: [container("6", "2Gi"), sidecar("4", "2Gi")],
      };
      const resources = { requests: { cpu: "9.9", memory: "3.9Gi" } };
      expect(listed({ ...parts, resources })).toEqual(["10", "11", "12"]);
      expect(listed({ ...parts, resources: { requests: { cpu: "9.95", memory: "3.9Gi" } } })).toEqual(["11", "12"]);
    });
  });

  describe("of three pods over 1,344 types", () => {
    const types = combinationTypes();
    const before = fingerprint(types);
    const sizes = [0.1, 1, 2, 2.5, 4, 8, 16].flatMap((cpu) =>
      [0.1, 1, 2, 4, 8, 16, 32].map((memory) => [cpu, memory] as const),
    );

    it.each(sizes)(
      "T-36: with %d cores and %d Gi each, one node takes all, and every type listed has room",
      (cpu, memory) => {
        const requests = { cpu: String(cpu), memory: `${memory}Gi` };
        const { newClaims, failures } = place(pods(3, { requests }), types);
        expect([newClaims.map((claim) => claim.pods.length), failures]).toEqual([[3], []]);
        const enough = newClaims
          .flatMap(({ instanceTypes }) => instanceTypes)
          .filter(({ capacity }) => {
            const free = { cpu: (capacity["cpu"] ?? 0) - 100, memory: (capacity["memory"] ?? 0) - 10 * MI };
            return free.cpu >= 3000 * cpu && free.memory >= 3 * memory * GI;
          });
        expect(enough).toHaveLength(newClaims[0]?.instanceTypes.length ?? 0);
        expect(fingerprint(types)).toBe(before);
      },
    );
  });

  it("T-40: two pods listed the other way round get the same plan, byte for byte", () => {
    const list = [aPod({ name: "a", requests: { cpu: "1" } }), aPod({ name: "b", requests: { cpu: "1" } })];
    const [plan, other] = [list, list.toReversed()].map((each) => place(each));
    expect(plan?.newClaims.map((claim) => claim.pods.length)).toEqual([2]);
    expect(plan && other && written(other) === written(plan)).toBe(true);
  });

  it("T-40: so do many pods of many kinds, over pools, types and nodes listed the other way round", () => {
    const kinds = ["300m", "700m", "3"].flatMap((cpu) =>
      pods(6, { name: `p${cpu}`, requests: { cpu, memory: "300Mi" } }),
    );
    const tooLarge = pods(3, { name: "huge", requests: { cpu: "99" } });
    const pools = ["b", "a"].map((name) => fixturePool({ name }));
    const problem = aProblem({ pods: [...kinds, ...tooLarge], nodePools: pools });
    const reversed = {
      ...problem,
      pods: problem.pods.toReversed(),
      nodePools: pools.map((pool) => ({ ...pool, instanceTypes: pool.instanceTypes.toReversed() })).toReversed(),
    };
    expect(written(solve(reversed))).toBe(written(solve(problem)));
  });

  it("S-313: pods that came first are placed first when sizes are equal", () => {
    const young = aPod({ name: "a-young", creationTimestamp: "2026-01-02T00:00:00Z", requests: { cpu: "3" } });
    const old = aPod({ name: "z-old", creationTimestamp: "2026-01-01T00:00:00Z", requests: { cpu: "3" } });
    const pool = fixturePool({ instanceTypes: [anInstanceType()], limits: { cpu: "4" } });
    expect(companies(solve(aProblem({ pods: [young, old], nodePools: [pool] })))).toEqual([["z-old"]]);
  });

  it("S-318: the emptiest claim is filled first", () => {
    const list = [
      ...pods(2, { name: "wide", requests: { cpu: "3" } }),
      ...pods(4, { name: "thin", requests: { cpu: "200m" } }),
    ];
    expect(perClaim(place(list, [anInstanceType()]))).toEqual([3, 3]);
  });

  it("S-206: a request that cannot be planned with makes its own pod invalid, not the whole solve", () => {
    const solution = place([aPod({ name: "odd", requests: { memory: "16Ei" } }), aPod({ name: "fine" })]);
    expect([companies(solution), refusals(solution)]).toEqual([[["fine"]], ["InvalidPod"]]);
  });

  it("S-505: equal prices are ordered by name, unpriced types come last", () => {
    const types = [
      anInstanceType({ name: "unpriced", offerings: [anOffering({ price: null })] }),
      anInstanceType({ name: "b", offerings: [anOffering({ price: 1 })] }),
      anInstanceType({ name: "a", offerings: [anOffering({ price: 1 })] }),
    ];
    expect(place([aPod()], types).newClaims.map(typeNames)).toEqual([["a", "b", "unpriced"]]);
  });

  it("S-519, S-521: a claim names the capacity types it can get and no zone unless one is asked for", () => {
    const offerings = [
      anOffering({ zone: "z1", capacityType: "spot", available: "out of stock" }),
      anOffering({ zone: "z2", capacityType: "on-demand" }),
    ];
    const [claim] = place([aPod()], [anInstanceType({ offerings })]).newClaims;
    expect(claim?.requirements.get(Label.CapacityType).single()).toBe("on-demand");
    expect(claim?.requirements.has(Label.Zone)).toBe(false);
  });

  it("S-623: a pod that only sold-out offerings would suit learns which, why and until when", () => {
    const until = Date.UTC(2026, 0, 1, 12, 3);
    const offerings = [anOffering({ zone: "z1", available: "out of stock", until }), anOffering({ zone: "z2" })];
    const solution = place([aPod({ nodeSelector: { [Label.Zone]: "z1" } })], [anInstanceType({ offerings })]);
    expect(solution.failures[0]?.summary).toBe(
      "m.4 on-demand in z1 is unavailable until 2026-01-01T12:03:00Z: out of stock (NodePool default); it is tried again then; allow more instance types or zones to have it sooner",
    );
    expect(refusals(solution)).toEqual(["OfferingUnavailable"]);
  });
});
