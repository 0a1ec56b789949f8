import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import {
  anInstanceType,
  anOffering,
  ascendingTypes,
  aPod,
  aPoolInput,
  aProblem,
  fixtureTypes,
  pods,
} from "../testing/builders/index.ts";
import type { InstanceType } from "../provider/index.ts";
import type { Solution } from "./solution.ts";
import { solve } from "./solve.ts";

function plan(list: readonly Pod[], instanceTypes: readonly InstanceType[] = fixtureTypes()): Solution {
  return solve(aProblem({ pods: list, nodePools: [aPoolInput({ instanceTypes })] }));
}

function cheapest({ newClaims }: Solution): readonly string[] {
  return newClaims.map(({ cheapest: { instanceType } }) => instanceType.name);
}

const amd64 = { nodeSelector: { [Label.Arch]: "amd64" } };

describe("packing", () => {
  it("T-24: a little pod is planned on the cheapest type", () => {
    expect(cheapest(plan([aPod({ requests: { memory: "100M" } })]))).toEqual(["small"]);
  });

  it("T-25: five little pods share one node", () => {
    const solution = plan(pods(5, { requests: { memory: "10M" } }));
    expect(cheapest(solution)).toEqual(["small"]);
    expect(solution.newClaims[0]?.pods).toHaveLength(5);
  });

  it("T-26: two of forty pods fit each node", () => {
    const solution = plan(pods(40, { requests: { memory: "1.8G" }, ...amd64 }));
    expect(cheapest(solution)).toEqual(Array<string>(20).fill("default"));
    expect(solution.failures).toEqual([]);
  });

  it("T-27: small pods fill what the large ones left", () => {
    const large = pods(40, { name: "large", requests: { memory: "1.8G" }, ...amd64 });
    const little = pods(20, { name: "little", requests: { memory: "400M" }, ...amd64 });
    expect(plan([...little, ...large]).newClaims).toHaveLength(20);
  });

  it("T-28: pods of very different size get nodes of different types", () => {
    const list = [aPod({ name: "a", requests: { cpu: "4.5" } }), aPod({ name: "b", requests: { cpu: "1" } })];
    const types = ascendingTypes(5);
    expect(new Set(cheapest(plan(list, types)))).toEqual(new Set(["fake-it-4", "fake-it-1"]));
  });

  it("T-29: nodes hold five pods at most", () => {
    const solution = plan(pods(25, { requests: { cpu: "1m", memory: "1M" }, ...amd64 }));
    expect(cheapest(solution)).toEqual(Array<string>(5).fill("small"));
    expect(solution.newClaims.map(({ pods: planned }) => planned.length)).toEqual([5, 5, 5, 5, 5]);
  });

  it("T-30: asking for none of an unknown resource is no obstacle", () => {
    expect(plan([aPod({ requests: { "foo.com/bar": "0" } })]).newClaims).toHaveLength(1);
  });

  it("T-31: a pod too large for everything learns which type came closest", () => {
    const [failure] = plan([aPod({ requests: { memory: "2Ti" } })]).failures;
    expect(failure?.summary).toBe(
      "needs memory 2Ti, largest allowed arm offers 128Gi (NodePool default); request less, or allow larger instance types in the NodePool",
    );
    expect(failure?.nodePools[0]).toMatchObject({ reason: "InsufficientResources", closest: { name: "arm" } });
  });

  it("T-32: the overhead of the pod's runtime counts", () => {
    const pod = aPod({ requests: { cpu: "1" }, spec: { overhead: { cpu: "2" } } });
    const [claim] = plan([pod]).newClaims;
    expect(claim?.instanceTypes.map(({ name }) => name)).not.toContain("small");
    expect(claim?.cheapest.instanceType.name).toBe("default");
  });

  it("S-313: pods that came first are placed first when sizes are equal", () => {
    const young = aPod({ name: "a-young", creationTimestamp: "2026-01-02T00:00:00Z", requests: { cpu: "3" } });
    const old = aPod({ name: "z-old", creationTimestamp: "2026-01-01T00:00:00Z", requests: { cpu: "3" } });
    const pool = aPoolInput({ instanceTypes: [anInstanceType()], limits: { cpu: "4" } });
    const solution = solve(aProblem({ pods: [young, old], nodePools: [pool] }));
    expect(solution.newClaims.flatMap((claim) => claim.pods.map(({ metadata }) => metadata.name))).toEqual(["z-old"]);
  });

  it("S-318: the emptiest claim is filled first", () => {
    const wide = { requests: { cpu: "3" } };
    const list = [...pods(2, { name: "wide", ...wide }), ...pods(4, { name: "thin", requests: { cpu: "200m" } })];
    const solution = plan(list, [anInstanceType()]);
    expect(solution.newClaims.map(({ pods: planned }) => planned.length)).toEqual([3, 3]);
  });

  it("S-307: the instance types handed in are not changed", () => {
    const types = fixtureTypes();
    const before = JSON.stringify(types);
    plan(pods(7, { requests: { cpu: "1" } }), types);
    expect(JSON.stringify(types)).toBe(before);
  });

  it("a request that cannot be planned with makes its own pod invalid, not the whole solve", () => {
    const solution = plan([aPod({ name: "odd", requests: { memory: "16Ei" } }), aPod({ name: "fine" })]);
    expect(solution.newClaims).toHaveLength(1);
    expect(solution.failures.map(({ pod, nodePools }) => [pod.name, nodePools[0]?.reason])).toEqual([
      ["odd", "InvalidPod"],
    ]);
  });
});

describe("offerings", () => {
  it("T-38: the price compared is that of an offering the pool allows", () => {
    const onDemandOnly = [{ key: Label.CapacityType, operator: "In" as const, values: ["on-demand"] }];
    const types = [type("a", { "on-demand": 1, spot: 0.2 }), type("b", { "on-demand": 1.3, spot: 0.1 })];
    const pool = aPoolInput({ instanceTypes: types, requirements: onDemandOnly });
    expect(cheapest(solve(aProblem({ pods: [aPod()], nodePools: [pool] })))).toEqual(["a"]);
  });

  it("S-505: equal prices are ordered by name, unpriced types come last", () => {
    const types = [
      anInstanceType({ name: "unpriced", offerings: [anOffering({ price: null })] }),
      anInstanceType({ name: "b", offerings: [anOffering({ price: 1 })] }),
      anInstanceType({ name: "a", offerings: [anOffering({ price: 1 })] }),
    ];
    const [claim] = plan([aPod()], types).newClaims;
    expect(claim?.instanceTypes.map(({ name }) => name)).toEqual(["a", "b", "unpriced"]);
  });

  it("S-126: zone and capacity type must be had together", () => {
    const offerings = [
      anOffering({ zone: "z1", capacityType: "spot" }),
      anOffering({ zone: "z2", capacityType: "on-demand" }),
    ];
    const pod = aPod({ nodeSelector: { [Label.Zone]: "z1", [Label.CapacityType]: "on-demand" } });
    const [failure] = plan([pod], [anInstanceType({ offerings })]).failures;
    expect(failure?.nodePools[0]?.reason).toBe("NoInstanceType");
  });

  it("S-519, S-521: a claim names the capacity types it can get and no zone unless one is asked for", () => {
    const offerings = [
      anOffering({ zone: "z1", capacityType: "spot", available: "out of stock" }),
      anOffering({ zone: "z2", capacityType: "on-demand" }),
    ];
    const [claim] = plan([aPod()], [anInstanceType({ offerings })]).newClaims;
    expect(claim?.requirements.get(Label.CapacityType).single()).toBe("on-demand");
    expect(claim?.requirements.has(Label.Zone)).toBe(false);
  });

  it("S-623: a pod that only sold-out offerings would suit learns which, why and until when", () => {
    const until = Date.UTC(2026, 0, 1, 12, 3);
    const offerings = [anOffering({ zone: "z1", available: "out of stock", until }), anOffering({ zone: "z2" })];
    const [failure] = plan([aPod({ nodeSelector: { [Label.Zone]: "z1" } })], [anInstanceType({ offerings })]).failures;
    expect(failure?.summary).toBe(
      "m.4 on-demand in z1 is unavailable until 2026-01-01T12:03:00Z: out of stock (NodePool default); it is tried again then; allow more instance types or zones to have it sooner",
    );
    expect(failure?.nodePools[0]?.reason).toBe("OfferingUnavailable");
  });
});

function type(name: string, prices: Readonly<Record<string, number>>): InstanceType {
  const offerings = Object.entries(prices).map(([capacityType, price]) => anOffering({ capacityType, price }));
  return anInstanceType({ name, offerings });
}
