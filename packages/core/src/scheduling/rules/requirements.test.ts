// What pods and pools ask of labels, and which labels and instance types come of it (S-112…S-128, S-206).
// Scenarios of docs/reference/upstream-parity.md: E-123, E-124.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod, RequirementSpec } from "../../api/index.ts";
import { aPod, aProblem, ascendingTypes, fixturePool, nextRound } from "../../testing/builders/index.ts";
import type { PodOptions, PoolInputOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { cheapestTypes, companies, refusals, typeNames, waiting } from "../../testing/read-solution.ts";
import type { ProblemInput, Solution } from "../index.ts";

const [ZONE_1, ZONE_2, ZONE_3] = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;

const required = (...term: NonNullable<PodOptions["requiredTerms"]>[number]): PodOptions => ({ requiredTerms: [term] });

function problemOf(pods: readonly Pod[], pool: PoolInputOptions = {}): ProblemInput {
  return aProblem({ pods, nodePools: [fixturePool(pool)] });
}

function wants(key: string, operator: RequirementSpec["operator"], ...values: readonly string[]): RequirementSpec {
  return { key, operator, ...(values.length > 0 && { values }) };
}

describe.each(PARITY_ENGINES)("requirements ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
  const place = (pods: readonly Pod[], pool: PoolInputOptions = {}): Solution => solve(problemOf(pods, pool));
  const listed = (solution: Solution): readonly (readonly string[])[] => solution.newClaims.map(typeNames);

  describe("keys", () => {
    it("T-11: the older zone key in a selector places the pod like today's", () => {
      const [older, today] = ["failure-domain.beta.kubernetes.io/zone", Label.Zone].map((key) =>
        place([aPod({ nodeSelector: { [key]: ZONE_3 } })]).newClaims.map(({ requirements }) => requirements.toString()),
      );
      expect(older).toEqual(today);
      expect(older?.join()).toContain(`${Label.Zone} In [${ZONE_3}]`);
    });

    it("T-12: a mistyped key is explained with the one that was meant", () => {
      const { failures } = place([aPod({ nodeSelector: { zone: "x" } })]);
      expect(failures[0]?.summary).toContain(`typo of "${Label.Zone}"`);
      expect(failures[0]?.nodePools[0]).toMatchObject({ reason: "UnknownLabel", key: "zone" });
    });

    it.each([{ [Label.Hostname]: "x" }, { "karpenter.sh/foo": "x" }])(
      "T-17: a pod may not select on %j, whatever the pool says",
      (nodeSelector) => {
        const solution = place([aPod({ name: "bad", nodeSelector }), aPod({ name: "good" })]);
        expect(companies(solution)).toEqual([["good"]]);
        expect(refusals(solution)).toEqual(["InvalidPod"]);
        expect(solution.failures[0]?.summary).toContain("is restricted");
      },
    );

    it.each(["kubernetes.io/foo", "sub.k8s.io/foo"])("T-17: %s is free for labels of pools", (key) => {
      const pod = aPod({ nodeSelector: { [key]: "x" } });
      expect(place([pod], { labels: { [key]: "x" } }).newClaims).toHaveLength(1);
      expect(refusals(place([pod], { labels: { [key]: "y" } }))).toEqual(["RequirementMismatch"]);
    });

    it("S-206 a: a pod that asks for capacity outside of all pools is neither placed nor reported", () => {
      const nothing = { newClaims: [], existing: [], failures: [], deferred: [], relaxed: [] };
      expect(place([aPod(required([Label.NodePool, "DoesNotExist"]))])).toEqual(nothing);
    });

    it("S-117: a pod whose required terms are all empty fits nowhere and says so", () => {
      expect(place([aPod({ requiredTerms: [[]] })]).failures[0]?.summary).toContain("EmptyNodeAffinityTerm");
    });

    it("S-102, S-120: an older key and a value as users write it are understood", () => {
      const key = "karpenter.sh/instance-type";
      const normalization = {
        keys: { [key]: Label.InstanceType },
        values: { [Label.InstanceType]: { Small: "small" } },
      };
      const solution = solve({ ...problemOf([aPod({ nodeSelector: { [key]: "Small" } })]), normalization });
      expect(listed(solution)).toEqual([["small"]]);
    });

    it("S-122: a capacity type the provider adds may be selected", () => {
      const problem = problemOf([aPod({ nodeSelector: { [Label.CapacityType]: "gpu-reserved" } })]);
      expect(refusals(solve(problem))).toEqual(["InvalidPod"]);
      expect(refusals(solve({ ...problem, capacityTypes: ["gpu-reserved"] }))).toEqual(["RequirementMismatch"]);
    });
  });

  describe("labels that pools define", () => {
    it.each([
      ["no selector", {}, []],
      ["the pool's value", { nodeSelector: { team: "a" } }, []],
      ["another value", { nodeSelector: { team: "b" } }, ["RequirementMismatch"]],
      ["a key nobody defines", { nodeSelector: { other: "x" } }, ["UnknownLabel"]],
      ["NotIn another value", required(["team", "NotIn", "b"]), []],
      ["NotIn on a key nobody defines", required(["missing-key", "NotIn", "x"]), []],
      ["DoesNotExist on a key nobody defines", required(["missing-key", "DoesNotExist"]), []],
      ["Exists on a key nobody defines", required(["missing-key", "Exists"]), ["UnknownLabel"]],
    ] as const)("T-13: of a pool labelled team=a, a pod with %s", (_, pod, refused) => {
      const solution = place([aPod(pod)], { labels: { team: "a" } });
      expect(refusals(solution)).toEqual(refused);
      expect(solution.newClaims.map(({ labels }) => labels["team"])).toEqual(refused.length > 0 ? [] : ["a"]);
    });

    it("T-14: an open key takes the value each pod asks for", () => {
      const list = ["a", "b"].map((team) => aPod({ name: team, nodeSelector: { team } }));
      const solution = place(list, { requirements: [wants("team", "Exists")] });
      const teams = solution.newClaims.map((claim) => [
        claim.labels["team"],
        claim.pods.map((pod) => pod.metadata.name),
      ]);
      expect(teams).toEqual([
        ["a", ["a"]],
        ["b", ["b"]],
      ]);
    });

    it("T-14: a pod that only wants the key keeps the pool's value", () => {
      const solution = place([aPod(required(["team", "Exists"]))], { requirements: [wants("team", "In", "a")] });
      expect(solution.newClaims.map(({ labels }) => labels["team"])).toEqual(["a"]);
    });

    it("T-15: every custom key of the pool gets a value it allows, an absent one none", () => {
      const requirements = [
        wants("k2", "In", "v"),
        wants("k3", "NotIn", "0"),
        wants("k4", "Lt", "4"),
        wants("k5", "Gt", "5"),
        wants("k6", "Exists"),
        wants("k7", "DoesNotExist"),
      ];
      const { newClaims } = place([aPod()], { requirements });
      const { k2, k3, k4, k5, k6, ...others } = newClaims[0]?.labels ?? {};
      expect([k2, k3, k4, k5, k6]).toEqual(["v", "1", "0", "6", "0"]);
      expect(others).not.toHaveProperty("k7");
    });

    it("T-16: a well-known key with NotIn never becomes a label", () => {
      const excluded = [wants(Label.Zone, "NotIn", ZONE_1), wants(Label.InstanceType, "NotIn", "small")];
      const { newClaims } = place([aPod()], { requirements: excluded });
      expect(newClaims).toHaveLength(1);
      expect(newClaims[0]?.labels).not.toHaveProperty([Label.Zone]);
      expect(newClaims[0]?.labels).not.toHaveProperty([Label.InstanceType]);
    });
  });

  describe("instance types that pods and pools ask for", () => {
    it("T-18: types that a pod excludes are not among the options", () => {
      const excluding = required([Label.InstanceType, "NotIn", "default", "small"]);
      const pod = aPod({ nodeSelector: { [Label.Arch]: "amd64" }, ...excluding });
      expect(listed(place([pod]))).toEqual([["single-pod", "gpu-a", "gpu-b"]]);
    });

    it("T-19: a zone the pool does not allow stays pending, and the explanation names both", () => {
      const pod = aPod({ nodeSelector: { [Label.Zone]: ZONE_1 } });
      const { newClaims, failures } = place([pod], { requirements: [wants(Label.Zone, "In", ZONE_2)] });
      expect(newClaims).toEqual([]);
      expect(failures[0]?.nodePools[0]).toMatchObject({
        reason: "RequirementMismatch",
        key: Label.Zone,
        wanted: `${Label.Zone} In [${ZONE_1}]`,
        offered: `${Label.Zone} In [${ZONE_2}]`,
      });
    });

    it.each([
      ["Gt", "8", "arm"],
      ["Lt", "3", "small"],
      ["Gte", "16", "arm"],
      ["Lte", "2", "small"],
    ] as const)("T-20: integer %s %s leaves only %s", (operator, bound, name) => {
      expect(listed(place([aPod()], { requirements: [wants("integer", operator, bound)] }))).toEqual([[name]]);
    });

    it("T-20: pods may ask for Gt and Lt too", () => {
      expect(listed(place([aPod(required(["integer", "Gt", "8"]))]))).toEqual([["arm"]]);
      expect(listed(place([aPod(required(["integer", "Lt", "3"]))]))).toEqual([["small"]]);
    });

    it("T-21: pods of two architectures get two nodes", () => {
      const list = ["amd64", "arm64"].map((arch) => aPod({ name: arch, nodeSelector: { [Label.Arch]: arch } }));
      const solution = place(list);
      expect(companies(solution)).toEqual([["amd64"], ["arm64"]]);
      expect(cheapestTypes(solution)).toEqual(["small", "arm"]);
    });

    it("T-22: pods for two vendors' devices get two nodes, one pod for both stays pending", () => {
      const one = aPod({ name: "a", requests: { "vendor-a.com/gpu": "1" } });
      const other = aPod({ name: "b", requests: { "vendor-b.com/gpu": "1" } });
      const both = aPod({ name: "c", requests: { "vendor-a.com/gpu": "1", "vendor-b.com/gpu": "1" } });
      const solution = place([one, other, both]);
      expect(listed(solution)).toEqual([["gpu-a"], ["gpu-b"]]);
      expect([waiting(solution), refusals(solution)]).toEqual([["c"], ["InsufficientResources"]]);
    });

    it.each([
      ["size=large", "fake-it-4", { nodeSelector: { size: "large" } }],
      ["size=small", "fake-it-0", { nodeSelector: { size: "small" } }],
      ["special Exists", "fake-it-4", required(["special", "Exists"])],
    ] as const)("T-23: a pod with %s is planned as %s", (_, name, pod) => {
      expect(cheapestTypes(place([aPod(pod)], { instanceTypes: ascendingTypes(5) }))).toEqual([name]);
    });

    it("T-23: a large type of the smallest shape does not exist", () => {
      const pod = aPod({ nodeSelector: { size: "large", [Label.InstanceType]: "fake-it-0" } });
      expect(refusals(place([pod], { instanceTypes: ascendingTypes(5) }))).toEqual(["NoInstanceType"]);
    });

    it("T-23: a pod that must not have a label gets a node without it", () => {
      const problem = problemOf([aPod(required(["special", "DoesNotExist"]))], { instanceTypes: ascendingTypes(5) });
      const solution = solve(problem);
      expect(listed(solution)).toEqual([["fake-it-0", "fake-it-1", "fake-it-2", "fake-it-3"]]);
      expect(nextRound(problem, solution).nodes.map(({ labels }) => "special" in labels)).toEqual([false]);
    });

    it("S-126: zone and capacity type must be had together", () => {
      const pod = aPod({ nodeSelector: { [Label.Zone]: ZONE_3, [Label.CapacityType]: "spot" } });
      expect(refusals(place([pod]))).toEqual(["NoInstanceType"]);
    });
  });
});
