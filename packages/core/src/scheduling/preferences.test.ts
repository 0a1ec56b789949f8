import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import type { Affinity, NodeSelectorTerm, PodSpec } from "../api/index.ts";
import {
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  ascendingTypes,
  fixtureTypes,
  pods,
} from "../testing/builders/index.ts";
import type { ProblemInput } from "./problem.ts";
import { solve } from "./solve.ts";
import { stancesOf } from "./preferences.ts";

const PREFER_NOT = { key: "soft", effect: "PreferNoSchedule" } as const;

function term(key: string, operator: string, ...values: readonly string[]): NodeSelectorTerm {
  return { matchExpressions: [{ key, operator, values }] };
}

const zone = (...values: readonly string[]): NodeSelectorTerm => term(Label.Zone, "In", ...values);

function preferring(
  ...wishes: readonly (readonly [number, NodeSelectorTerm])[]
): NonNullable<Affinity["nodeAffinity"]> {
  return {
    preferredDuringSchedulingIgnoredDuringExecution: wishes.map(([weight, preference]) => ({ weight, preference })),
  };
}

function requiring(...nodeSelectorTerms: readonly NodeSelectorTerm[]): NonNullable<Affinity["nodeAffinity"]> {
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
}

function zoneOf(nodeAffinity: NonNullable<Affinity["nodeAffinity"]>, changes: Partial<ProblemInput> = {}) {
  const { newClaims } = solve(aProblem({ pods: [aPod({ spec: { affinity: { nodeAffinity } } })], ...changes }));
  return newClaims.map(({ requirements }) => requirements.get(Label.Zone).single());
}

function wishing(kind: "podAffinity" | "podAntiAffinity", topologyKey: string): Partial<PodSpec> {
  const podAffinityTerm = { topologyKey, labelSelector: { matchLabels: { app: "web" } } };
  return {
    affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] } },
  };
}

describe("required terms that are OR-ed", () => {
  it("T-41: the last one is never given up", () => {
    expect(zoneOf(requiring(zone("moon")))).toEqual([]);
  });

  it("T-42: they are tried one after the other", () => {
    const terms = [zone("moon"), zone("mars"), zone("test-zone-1"), zone("test-zone-2")];
    expect(zoneOf(requiring(...terms))).toEqual(["test-zone-1"]);
  });
});

describe("preferred node affinity", () => {
  it("T-43: wishes that cannot be met are given up", () => {
    expect(zoneOf(preferring([1, zone("moon")], [1, term(Label.InstanceType, "In", "none")]))).toEqual([undefined]);
  });

  it("T-44: the heaviest that can be met decides", () => {
    const wishes = preferring([1, zone("test-zone-1")], [100, zone("moon")], [50, zone("test-zone-2")]);
    expect(zoneOf(wishes)).toEqual(["test-zone-2"]);
  });

  it("T-45: a wish against a requirement is given up", () => {
    const both = { ...requiring(zone("test-zone-3")), ...preferring([1, term(Label.Zone, "NotIn", "test-zone-3")]) };
    expect(zoneOf(both)).toEqual(["test-zone-3"]);
  });

  it("a wish against a requirement never lets the pod on a node without the label", () => {
    const affinity = { ...requiring(term("team", "In", "a")), ...preferring([1, term("team", "DoesNotExist")]) };
    const pod = aPod({ spec: { affinity: { nodeAffinity: affinity } } });
    const { existing, failures } = solve(aProblem({ pods: [pod], nodes: [aNodeInput()] }));
    expect(existing).toEqual([]);
    expect(failures).toHaveLength(1);
  });

  it("T-46: a wish that contradicts itself is given up", () => {
    const contradiction = {
      matchExpressions: [zone("test-zone-1"), term(Label.Zone, "NotIn", "test-zone-1")].flatMap(
        ({ matchExpressions = [] }) => matchExpressions,
      ),
    };
    expect(zoneOf(preferring([1, contradiction]))).toHaveLength(1);
  });

  it("T-50: with policy Ignore wishes have no influence, and OR-ed terms still work", () => {
    const both = {
      ...requiring(zone("moon"), zone("test-zone-3", "test-zone-2")),
      ...preferring([9, zone("test-zone-2")]),
    };
    expect(zoneOf(both)).toEqual(["test-zone-2"]);
    expect(zoneOf(both, { preferencePolicy: "Ignore" })).toEqual([undefined]);
  });
});

describe("preferred pod affinity and spread", () => {
  const nodesFor = (spec: Partial<PodSpec>, changes: Partial<ProblemInput> = {}) =>
    solve(aProblem({ pods: pods(3, { labels: { app: "web" }, spec }), ...changes })).newClaims.length;

  it("T-51: pods that would rather be apart are, unless preferences are ignored", () => {
    const spec = wishing("podAntiAffinity", Label.Hostname);
    expect([nodesFor(spec), nodesFor(spec, { preferencePolicy: "Ignore" })]).toEqual([3, 1]);
  });

  it("T-52: affinity to a pod that is not there is given up when it is only a wish", () => {
    expect(solve(aProblem({ pods: [aPod({ spec: wishing("podAffinity", Label.Zone) })] })).newClaims).toHaveLength(1);
  });

  it("T-50: ScheduleAnyway spreads while it can, unless preferences are ignored", () => {
    const soft = {
      maxSkew: 1,
      topologyKey: Label.Hostname,
      whenUnsatisfiable: "ScheduleAnyway" as const,
      labelSelector: { matchLabels: { app: "web" } },
    };
    const spec = { topologySpreadConstraints: [soft] };
    expect([nodesFor(spec), nodesFor(spec, { preferencePolicy: "Ignore" })]).toEqual([3, 1]);
  });
});

describe("the order of giving up", () => {
  it("S-323, S-324, S-329: one kind after the other, the heaviest first, each told by name", () => {
    const wish = (weight: number, topologyKey: string) => ({ weight, podAffinityTerm: { topologyKey } });
    const soft = (topologyKey: string) => ({ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway" as const });
    const spec: Partial<PodSpec> = {
      affinity: {
        nodeAffinity: { ...requiring(zone("moon"), zone("mars")), ...preferring([1, zone("venus")]) },
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [wish(1, "a"), wish(5, "b"), wish(5, "c")] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [wish(2, "d")] },
      },
      topologySpreadConstraints: [soft("x"), soft("y"), soft("z")],
    };
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), taints: [PREFER_NOT] })];
    const [failure] = solve(aProblem({ pods: [aPod({ spec })], nodePools })).failures;
    expect(failure?.relaxed).toEqual([
      "required node affinity term topology.kubernetes.io/zone In [moon]",
      "preferred pod affinity by b (weight 5)",
      "preferred pod affinity by c (weight 5)",
      "preferred pod affinity by a (weight 1)",
      "preferred pod anti-affinity by d (weight 2)",
      "preferred node affinity topology.kubernetes.io/zone In [venus] (weight 1)",
      "topology spread over x (ScheduleAnyway)",
      "topology spread over z (ScheduleAnyway)",
      "topology spread over y (ScheduleAnyway)",
      "avoiding PreferNoSchedule taints",
    ]);
  });

  it("T-47: a tainted pool is used once nothing else is left to give up", () => {
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), taints: [PREFER_NOT] })];
    expect(zoneOf(preferring([1, zone("moon")]), { nodePools })).toHaveLength(1);
  });

  it("T-48: a pool without the taint goes first, whatever it weighs", () => {
    const nodePools = [
      aPoolInput({ name: "soft", weight: 100, instanceTypes: ascendingTypes(3), taints: [PREFER_NOT] }),
      aPoolInput({ name: "plain", instanceTypes: ascendingTypes(3) }),
    ];
    expect(solve(aProblem({ pods: [aPod()], nodePools })).newClaims.map(({ nodePool }) => nodePool)).toEqual(["plain"]);
  });

  it("T-49: a node with the taint is used when no pool can grow", () => {
    const nodes = [aNodeInput({ name: "soft", nodePool: "", taints: [PREFER_NOT] })];
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), limits: { cpu: "0" } })];
    expect(solve(aProblem({ pods: [aPod()], nodes, nodePools })).existing.map(({ node }) => node)).toEqual(["soft"]);
  });

  it("a pod without wishes has one way to be tried", () => {
    const [only] = solve(aProblem({ pods: [aPod({ nodeSelector: { [Label.Zone]: "moon" } })] })).failures;
    expect(only?.relaxed).toEqual([]);
    expect(stancesOf(aPod(), [], { policy: "Respect", preferencesAreTainted: false })).toEqual([]);
  });
});
