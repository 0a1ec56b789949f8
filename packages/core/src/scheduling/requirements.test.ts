import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { ascendingTypes, aPod, aPoolInput, aProblem, fixtureTypes, pods } from "../testing/builders/index.ts";
import type { PodOptions, PoolInputOptions } from "../testing/builders/index.ts";
import type { ProblemInput } from "./problem.ts";
import type { Solution } from "./solution.ts";
import { solve } from "./solve.ts";

function problem(podList: readonly Pod[], pool: PoolInputOptions = {}): ProblemInput {
  return aProblem({ pods: podList, nodePools: [aPoolInput({ instanceTypes: fixtureTypes(), ...pool })] });
}

function withTypes(podList: readonly Pod[]): ProblemInput {
  return problem(podList, { instanceTypes: ascendingTypes(5) });
}

function typeNames(solution: Solution): readonly (readonly string[])[] {
  return solution.newClaims.map(({ instanceTypes }) => instanceTypes.map(({ name }) => name));
}

function cheapestTypes(solution: Solution): readonly string[] {
  return solution.newClaims.map(({ cheapest }) => cheapest.instanceType.name);
}

const required = (...term: NonNullable<PodOptions["requiredTerms"]>[number]): PodOptions => ({ requiredTerms: [term] });

describe("labels that pools define", () => {
  const team = { labels: { team: "a" } };

  it.each([
    ["no selector", {}, 1],
    ["the pool's value", { nodeSelector: { team: "a" } }, 1],
    ["another value", { nodeSelector: { team: "b" } }, 0],
    ["a key nobody defines", { nodeSelector: { other: "x" } }, 0],
    ["NotIn another value", required(["team", "NotIn", "b"]), 1],
    ["NotIn on a key nobody defines", required(["missing", "NotIn", "x"]), 1],
    ["DoesNotExist on a key nobody defines", required(["missing", "DoesNotExist"]), 1],
    ["Exists on a key nobody defines", required(["missing", "Exists"]), 0],
  ] as const)("S-112, T-13: a pod with %s", (_, pod, claims) => {
    const solution = solve(problem([aPod(pod)], team));
    expect(solution.newClaims).toHaveLength(claims);
    expect(solution.failures).toHaveLength(1 - claims);
  });

  it("T-14: an open key takes the value each pod asks for", () => {
    const open = { requirements: [{ key: "team", operator: "Exists" as const }] };
    const solution = solve(
      problem(
        [aPod({ name: "a", nodeSelector: { team: "a" } }), aPod({ name: "b", nodeSelector: { team: "b" } })],
        open,
      ),
    );
    expect(solution.newClaims.map(({ labels }) => labels["team"])).toEqual(["a", "b"]);
  });

  it("T-14: a pod that only wants the key keeps the pool's value", () => {
    const fixed = { requirements: [{ key: "team", operator: "In" as const, values: ["a"] }] };
    const solution = solve(problem([aPod(required(["team", "Exists"]))], fixed));
    expect(solution.newClaims.map(({ labels }) => labels["team"])).toEqual(["a"]);
  });

  it("S-127, T-15: every custom key of the pool gets a value it allows, an absent one none", () => {
    const requirements = [
      { key: "k2", operator: "In", values: ["v"] },
      { key: "k3", operator: "NotIn", values: ["0"] },
      { key: "k4", operator: "Lt", values: ["4"] },
      { key: "k5", operator: "Gt", values: ["5"] },
      { key: "k6", operator: "Exists" },
      { key: "k7", operator: "DoesNotExist" },
    ] as const;
    const [claim] = solve(problem([aPod()], { requirements })).newClaims;
    expect(claim?.labels).toMatchObject({ k2: "v", k3: "1", k4: "0", k5: "6", k6: "0" });
    expect(claim?.labels).not.toHaveProperty("k7");
  });

  it("T-16: a well-known key never becomes a label", () => {
    const requirements = [{ key: Label.Zone, operator: "NotIn" as const, values: ["test-zone-1"] }];
    const [claim] = solve(problem([aPod()], { requirements })).newClaims;
    expect(claim?.labels).not.toHaveProperty([Label.Zone]);
  });

  it("S-114a, T-141: a key only a pod mentions never becomes a label", () => {
    const [claim] = solve(problem([aPod(required(["team", "NotIn", "x"]))])).newClaims;
    expect(claim?.labels).not.toHaveProperty("team");
  });

  it("S-114a, T-142: a key a pod brought along does not count as defined for the next pod", () => {
    const solution = solve(
      problem([
        aPod({ name: "a", requests: { cpu: "1" }, ...required(["team", "NotIn", "x"]) }),
        aPod({ name: "b", nodeSelector: { team: "y" } }),
      ]),
    );
    expect(solution.newClaims.map(({ pods: planned }) => planned.map(({ metadata }) => metadata.name))).toEqual([
      ["a"],
    ]);
    expect(solution.failures.map(({ nodePools }) => nodePools[0]?.reason)).toEqual(["UnknownLabel"]);
  });
});

describe("keys of pods", () => {
  it("T-11: the older zone key means the zone", () => {
    const selector = { "failure-domain.beta.kubernetes.io/zone": "test-zone-3" };
    const [claim] = solve(problem([aPod({ nodeSelector: selector })])).newClaims;
    expect(claim?.requirements.get(Label.Zone).single()).toBe("test-zone-3");
  });

  it("S-115, T-12: a mistyped key is explained with the one that was meant", () => {
    const [failure] = solve(problem([aPod({ nodeSelector: { zone: "x" } })])).failures;
    expect(failure?.summary).toContain(`typo of "${Label.Zone}"`);
    expect(failure?.nodePools[0]).toMatchObject({ reason: "UnknownLabel", key: "zone" });
  });

  it.each([{ [Label.Hostname]: "x" }, { "karpenter.sh/foo": "x" }])(
    "S-206, T-17: a pod may not select on %j",
    (nodeSelector) => {
      const [failure] = solve(problem([aPod({ nodeSelector })])).failures;
      expect(failure?.nodePools[0]?.reason).toBe("InvalidPod");
      expect(failure?.summary).toContain("is restricted");
    },
  );

  it.each(["kubernetes.io/foo", "sub.k8s.io/foo"])("T-17: %s is free for labels of pools", (key) => {
    const solution = solve(problem([aPod({ nodeSelector: { [key]: "x" } })], { labels: { [key]: "x" } }));
    expect(solution.newClaims).toHaveLength(1);
  });

  it("S-206 a: a pod that asks for capacity outside of all pools is neither placed nor reported", () => {
    const solution = solve(problem([aPod(required([Label.NodePool, "DoesNotExist"]))]));
    expect(solution).toEqual({ newClaims: [], existing: [], failures: [], deferred: [], relaxed: [] });
  });

  it("S-117: a pod whose required terms are all empty fits nowhere and says so", () => {
    const [failure] = solve(problem([aPod({ requiredTerms: [[]] })])).failures;
    expect(failure?.summary).toContain("EmptyNodeAffinityTerm");
  });
});

describe("instance types that pods ask for", () => {
  it("T-18: excluded types are not among the options", () => {
    const pod = aPod({
      nodeSelector: { [Label.Arch]: "amd64" },
      ...required([Label.InstanceType, "NotIn", "default", "small"]),
    });
    const [names = []] = typeNames(solve(problem([pod])));
    expect(names).not.toContain("default");
    expect(names).not.toContain("small");
    expect(names).toContain("gpu-a");
  });

  it("T-19: a zone the pool does not allow stays pending, and the explanation names both", () => {
    const zones = { requirements: [{ key: Label.Zone, operator: "In" as const, values: ["test-zone-2"] }] };
    const [failure] = solve(problem([aPod({ nodeSelector: { [Label.Zone]: "test-zone-1" } })], zones)).failures;
    expect(failure?.nodePools[0]).toMatchObject({
      reason: "RequirementMismatch",
      key: Label.Zone,
      wanted: `${Label.Zone} In [test-zone-1]`,
      offered: `${Label.Zone} In [test-zone-2]`,
    });
  });

  it.each([
    [{ key: "integer", operator: "Gt", values: ["8"] }, "arm"],
    [{ key: "integer", operator: "Lt", values: ["3"] }, "small"],
    [{ key: "integer", operator: "Gte", values: ["16"] }, "arm"],
    [{ key: "integer", operator: "Lte", values: ["2"] }, "small"],
  ] as const)("T-20: %j leaves only %s", (requirement, name) => {
    expect(typeNames(solve(problem([aPod()], { requirements: [requirement] })))).toEqual([[name]]);
  });

  it("T-21: pods of two architectures get two nodes", () => {
    const solution = solve(
      problem([
        aPod({ name: "a", nodeSelector: { [Label.Arch]: "amd64" } }),
        aPod({ name: "b", nodeSelector: { [Label.Arch]: "arm64" } }),
      ]),
    );
    expect(solution.newClaims).toHaveLength(2);
  });

  it("T-22: pods for two vendors' devices get two nodes, one pod for both stays pending", () => {
    const one = aPod({ name: "a", requests: { "vendor-a.com/gpu": "1" } });
    const other = aPod({ name: "b", requests: { "vendor-b.com/gpu": "1" } });
    const both = aPod({ name: "c", requests: { "vendor-a.com/gpu": "1", "vendor-b.com/gpu": "1" } });
    const solution = solve(problem([one, other, both]));
    expect(cheapestTypes(solution).toSorted()).toEqual(["gpu-a", "gpu-b"]);
    expect(solution.failures.map(({ pod, nodePools }) => [pod.name, nodePools[0]?.reason])).toEqual([
      ["c", "InsufficientResources"],
    ]);
  });

  it.each([
    [{ nodeSelector: { size: "large" } }, "fake-it-4"],
    [{ nodeSelector: { size: "small" } }, "fake-it-0"],
    [required(["special", "Exists"]), "fake-it-4"],
  ] as const)("T-23: %j is planned as %s", (pod, name) => {
    expect(cheapestTypes(solve(withTypes([aPod(pod)])))).toEqual([name]);
  });

  it("T-23: a large small type does not exist", () => {
    const pod = aPod({ nodeSelector: { size: "large", [Label.InstanceType]: "fake-it-0" } });
    const [failure] = solve(withTypes([pod])).failures;
    expect(failure?.nodePools[0]?.reason).toBe("NoInstanceType");
  });

  it("T-23: what a type must not have is found on the types without it", () => {
    const [names = []] = typeNames(solve(withTypes([aPod(required(["special", "DoesNotExist"]))])));
    expect(names).toEqual(["fake-it-0", "fake-it-1", "fake-it-2", "fake-it-3"]);
  });
});

describe("required node affinity", () => {
  it("S-323, T-42: OR-ed terms are tried in order", () => {
    const invalid = [Label.Zone, "In", "nowhere"] as const;
    const terms = [
      [invalid],
      [invalid],
      [[Label.Zone, "In", "test-zone-1"]],
      [[Label.Zone, "In", "test-zone-2"]],
    ] as const;
    const [claim] = solve(problem([aPod({ requiredTerms: terms })])).newClaims;
    expect(claim?.requirements.get(Label.Zone).single()).toBe("test-zone-1");
  });

  it("T-41: the last term is never dropped, and the ones given up are listed", () => {
    const terms = [[[Label.Zone, "In", "here"]], [[Label.Zone, "In", "there"]]] as const;
    const [failure] = solve(problem([aPod({ requiredTerms: terms })])).failures;
    expect(failure?.relaxed).toEqual([`required node affinity term ${Label.Zone} In [here]`]);
    expect(failure?.nodePools[0]?.wanted).toBe(`${Label.Zone} In [there]`);
  });

  it("S-327: preferred node affinity has no influence", () => {
    const preference = { matchExpressions: [{ key: Label.Zone, operator: "In", values: ["nowhere"] }] };
    const spec = {
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] },
      },
    };
    const [claim] = solve(problem([aPod({ spec })])).newClaims;
    expect(claim?.requirements.has(Label.Zone)).toBe(false);
  });

  it("a pod that contradicts itself fits nowhere, not even where the label is absent", () => {
    const pod = aPod({ nodeSelector: { team: "b" }, ...required(["team", "NotIn", "b"]) });
    const { newClaims, failures } = solve(problem([pod]));
    expect(newClaims).toEqual([]);
    expect(failures[0]?.summary).toContain("leave no value for label team");
  });

  it("a term that contradicts itself is passed over", () => {
    const terms = [
      [
        ["size", "In", "large"],
        ["size", "In", "small"],
      ],
      [["size", "In", "small"]],
    ] as const;
    const [claim] = solve(problem([aPod({ requiredTerms: terms })])).newClaims;
    expect(claim?.requirements.get("size").single()).toBe("small");
  });

  it("S-307: a term that an existing claim satisfies is used before a new claim is opened", () => {
    const first = aPod({ name: "a", requests: { cpu: "1" }, nodeSelector: { [Label.Zone]: "test-zone-2" } });
    const second = aPod({ name: "b", requiredTerms: [[[Label.Zone, "In", "test-zone-2", "test-zone-3"]]] });
    const solution = solve(problem([first, second]));
    expect(solution.newClaims.map(({ pods: planned }) => planned.length)).toEqual([2]);
  });
});

describe("normalisation the provider hands in", () => {
  it("S-102, S-120: an older key and a value as users write it are understood", () => {
    const key = "karpenter.sh/instance-type";
    const normalization = {
      keys: { [key]: Label.InstanceType },
      values: { [Label.InstanceType]: { Small: "small" } },
    };
    const solution = solve({ ...problem([aPod({ nodeSelector: { [key]: "Small" } })]), normalization });
    expect(typeNames(solution)).toEqual([["small"]]);
  });

  it("S-122: a capacity type the provider adds may be selected", () => {
    const nodeSelector = { [Label.CapacityType]: "gpu-reserved" };
    const [refused] = solve(problem([aPod({ nodeSelector })])).failures;
    const [allowed] = solve({ ...problem([aPod({ nodeSelector })]), capacityTypes: ["gpu-reserved"] }).failures;
    expect(refused?.nodePools[0]?.reason).toBe("InvalidPod");
    expect(allowed?.nodePools[0]?.reason).toBe("RequirementMismatch");
  });
});

describe("determinism", () => {
  it("S-306, T-40: pods in another order give the same plan", () => {
    const list = pods(12, { requests: { cpu: "700m", memory: "300Mi" } });
    expect(shape(solve(problem(list.toReversed())))).toEqual(shape(solve(problem(list))));
  });
});

function shape({ newClaims, failures }: Solution) {
  const claims = newClaims.map(({ pods: planned, instanceTypes, requirements }) => ({
    pods: planned.map(({ metadata }) => metadata.name),
    types: instanceTypes.map(({ name }) => name),
    requirements: requirements.toString(),
  }));
  return { claims, failures };
}
