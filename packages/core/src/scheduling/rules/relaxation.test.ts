// What pods prefer, in which order they give it up, and what they never give up (S-321…S-329).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Affinity, NodeSelectorTerm, Pod, PodAffinityTerm, PodSpec } from "../../api/index.ts";
import { aNodeInput, aPod, aProblem, fixturePool, pods } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { spreadOver } from "../../testing/pod-wishes.ts";
import { companies, joined, refusals, waiting } from "../../testing/read-solution.ts";
import { nodeClaimFromPlan } from "../index.ts";
import type { ProblemInput, Solution } from "../index.ts";

const [ZONE_1, ZONE_2, ZONE_3] = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;
const PREFER_NOT = { key: "soft", effect: "PreferNoSchedule" } as const;
const GIVES_IN = "avoiding PreferNoSchedule taints";

type NodeAffinity = NonNullable<Affinity["nodeAffinity"]>;

function term(key: string, operator: string, ...values: readonly string[]): NodeSelectorTerm {
  return { matchExpressions: [{ key, operator, values }] };
}

const zone = (...values: readonly string[]): NodeSelectorTerm => term(Label.Zone, "In", ...values);
const INVALID = zone("invalid");

function preferring(...wishes: readonly (readonly [number, NodeSelectorTerm])[]): NodeAffinity {
  return {
    preferredDuringSchedulingIgnoredDuringExecution: wishes.map(([weight, preference]) => ({ weight, preference })),
  };
}

function requiring(...nodeSelectorTerms: readonly NodeSelectorTerm[]): NodeAffinity {
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
}

function aWish(kind: "podAffinity" | "podAntiAffinity", topologyKey: string): Partial<PodSpec> {
  const podAffinityTerm: PodAffinityTerm = { topologyKey, labelSelector: { matchLabels: { app: "web" } } };
  return {
    affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] } },
  };
}

function podWith(nodeAffinity: NodeAffinity): Pod {
  return aPod({ spec: { affinity: { nodeAffinity } } });
}

describe.each(PARITY_ENGINES)("relaxation ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
  /** Per claim the zones it asks for; open when it asks for none. */
  const zones = (nodeAffinity: NodeAffinity, changes: Partial<ProblemInput> = {}): readonly string[] => {
    const { newClaims } = solve(aProblem({ pods: [podWith(nodeAffinity)], ...changes }));
    return newClaims.map(({ requirements }) =>
      requirements.has(Label.Zone) ? [...requirements.get(Label.Zone).values].join() : "open",
    );
  };

  describe("of required terms that are OR-ed", () => {
    it("T-41: the last one is never given up", () => {
      const alone = solve(aProblem({ pods: [podWith(requiring(INVALID))] }));
      expect([alone.newClaims, refusals(alone)]).toEqual([[], ["RequirementMismatch"]]);
      const { newClaims, failures } = solve(aProblem({ pods: [podWith(requiring(zone("here"), zone("there")))] }));
      expect(newClaims).toEqual([]);
      expect(failures[0]?.relaxed).toEqual([`required node affinity term ${Label.Zone} In [here]`]);
      expect(failures[0]?.nodePools[0]?.wanted).toBe(`${Label.Zone} In [there]`);
    });

    it("T-42: they are tried one after the other", () => {
      const terms = [INVALID, INVALID, zone(ZONE_1), zone(ZONE_2)];
      expect(zones(requiring(...terms))).toEqual([ZONE_1]);
      expect(zones(requiring(...terms.toReversed()))).toEqual([ZONE_2]);
    });

    it("S-117: a term that contradicts itself is passed over", () => {
      const contradiction = [term("size", "In", "large"), term("size", "In", "small")];
      const matchExpressions = contradiction.flatMap((each) => each.matchExpressions ?? []);
      const pod = podWith(requiring({ matchExpressions }, term("size", "In", "small")));
      const { newClaims } = solve(aProblem({ pods: [pod] }));
      expect(newClaims.map(({ requirements }) => requirements.get("size").single())).toEqual(["small"]);
    });

    it("S-116: a pod that contradicts itself fits nowhere, not even where the label is absent", () => {
      const pod = aPod({ nodeSelector: { team: "b" }, requiredTerms: [[["team", "NotIn", "b"]]] });
      const { newClaims, failures } = solve(aProblem({ pods: [pod] }));
      expect(newClaims).toEqual([]);
      expect(failures[0]?.summary).toContain("leave no value for label team");
    });

    it("S-307: one that an existing claim satisfies is used before a new claim is opened", () => {
      const first = aPod({ name: "a", requests: { cpu: "1" }, nodeSelector: { [Label.Zone]: ZONE_2 } });
      const second = aPod({ name: "b", requiredTerms: [[[Label.Zone, "In", ZONE_2, ZONE_3]]] });
      expect(companies(solve(aProblem({ pods: [first, second] })))).toEqual([["a", "b"]]);
    });
  });

  describe("of preferred node affinity", () => {
    it("T-43: wishes that cannot be met are given up", () => {
      expect(zones(preferring([1, INVALID], [1, term(Label.InstanceType, "In", "invalid")]))).toEqual(["open"]);
    });

    it("T-44: the heaviest that can be met decides", () => {
      expect(zones(preferring([100, INVALID], [50, zone(ZONE_2)], [1, zone(ZONE_1)]))).toEqual([ZONE_2]);
      expect(zones(preferring([1, zone(ZONE_1)], [50, zone(ZONE_2)], [100, INVALID]))).toEqual([ZONE_2]);
    });

    it("T-45: a wish against a requirement is given up", () => {
      const against = preferring([1, term(Label.Zone, "NotIn", ZONE_3)]);
      expect(zones({ ...requiring(zone(ZONE_3)), ...against })).toEqual([ZONE_3]);
    });

    it("T-46: a wish that contradicts itself is given up", () => {
      const both = [zone(ZONE_1), zone(ZONE_2)].flatMap(({ matchExpressions = [] }) => matchExpressions);
      expect(zones(preferring([1, { matchExpressions: both }]))).toEqual(["open"]);
      const negated = [zone(ZONE_1), term(Label.Zone, "NotIn", ZONE_1)];
      const matchExpressions = negated.flatMap((each) => each.matchExpressions ?? []);
      expect(zones(preferring([1, { matchExpressions }]))).toEqual(["open"]);
    });

    it("S-116: a wish against a requirement never lets the pod on a node without the label", () => {
      const affinity = { ...requiring(term("team", "In", "a")), ...preferring([1, term("team", "DoesNotExist")]) };
      const solution = solve(aProblem({ pods: [podWith(affinity)], nodes: [aNodeInput()] }));
      expect([solution.existing, solution.failures.length]).toEqual([[], 1]);
    });
  });

  describe("of PreferNoSchedule taints", () => {
    it("T-47: a tainted pool is used once nothing else is left to give up, and its node keeps the taint", () => {
      const pool = fixturePool({ taints: [PREFER_NOT] });
      const { newClaims, relaxed } = solve(
        aProblem({ pods: [podWith(preferring([9, INVALID], [1, zone("nowhere")]))], nodePools: [pool] }),
      );
      const stamp = { nodePoolHash: "1", hashVersion: "v" };
      expect(newClaims.map((claim) => nodeClaimFromPlan(claim, pool.nodePool, stamp).spec.taints)).toEqual([
        [PREFER_NOT],
      ]);
      expect(relaxed.map((each) => [each.pod.metadata.name, each.relaxed])).toEqual([
        [
          "web-0",
          [
            `preferred node affinity ${Label.Zone} In [invalid] (weight 9)`,
            `preferred node affinity ${Label.Zone} In [nowhere] (weight 1)`,
            GIVES_IN,
          ],
        ],
      ]);
    });

    it("T-48: a pool without the taint goes first, whatever it weighs and whatever the pod has to give up", () => {
      const nodePools = [
        fixturePool({ name: "soft", weight: 100, taints: [PREFER_NOT] }),
        fixturePool({ name: "plain" }),
      ];
      for (const pod of [aPod(), podWith(preferring([1, INVALID]))]) {
        const { newClaims, relaxed } = solve(aProblem({ pods: [pod], nodePools }));
        expect(newClaims.map(({ nodePool }) => nodePool)).toEqual(["plain"]);
        expect(relaxed.flatMap((each) => each.relaxed)).not.toContain(GIVES_IN);
      }
    });

    it("T-49: a node with the taint is used when no pool can grow", () => {
      const nodes = [aNodeInput({ name: "soft", nodePool: "", taints: [PREFER_NOT] })];
      const exhausted = [fixturePool({ limits: { cpu: "0" } })];
      const solution = solve(aProblem({ pods: [aPod()], nodes, nodePools: exhausted }));
      expect(joined(solution)).toEqual([["soft", 1]]);
      expect(solution.relaxed.map(({ relaxed }) => relaxed)).toEqual([[GIVES_IN]]);
      expect(joined(solve(aProblem({ pods: [aPod()], nodes })))).toEqual([]);
    });
  });

  describe("with policy Ignore", () => {
    const ignoring = { preferencePolicy: "Ignore" } as const;
    const nodesFor = (spec: Partial<PodSpec>, changes: Partial<ProblemInput> = {}): number =>
      solve(aProblem({ pods: pods(3, { labels: { app: "web" }, spec }), ...changes })).newClaims.length;

    it("T-50: preferred node affinity has no influence, and OR-ed required terms still work", () => {
      const both = { ...requiring(INVALID, zone(ZONE_3, ZONE_2)), ...preferring([9, zone(ZONE_2)]) };
      expect(zones(both)).toEqual([ZONE_2]);
      expect(zones(both, ignoring)).toEqual([`${ZONE_2},${ZONE_3}`]);
    });

    it("T-50: ScheduleAnyway has no influence", () => {
      const spec = spreadOver("web", Label.Hostname, { whenUnsatisfiable: "ScheduleAnyway" });
      expect([nodesFor(spec), nodesFor(spec, ignoring)]).toEqual([3, 1]);
    });

    it("T-51: pods that would rather be apart get a node each, unless preferences are ignored", () => {
      const spec = aWish("podAntiAffinity", Label.Hostname);
      expect([nodesFor(spec), nodesFor(spec, ignoring)]).toEqual([3, 1]);
    });

    it("T-50: preferred pod affinity has no influence", () => {
      const target = aPod({
        name: "target",
        labels: { app: "web" },
        requests: { cpu: "3" },
        nodeSelector: { [Label.Arch]: "amd64", [Label.Zone]: ZONE_2 },
      });
      const follower = aPod({
        name: "follower",
        requests: { cpu: "2" },
        nodeSelector: { [Label.Arch]: "amd64" },
        spec: aWish("podAffinity", Label.Zone),
      });
      const zoneOfFollower = (changes: Partial<ProblemInput>): unknown =>
        solve(aProblem({ pods: [target, follower], ...changes }))
          .newClaims.filter((claim) => claim.pods.some(({ metadata }) => metadata.name === "follower"))
          .map(({ requirements }) => requirements.get(Label.Zone).single());
      expect([zoneOfFollower({}), zoneOfFollower(ignoring)]).toEqual([[ZONE_2], [undefined]]);
    });
  });

  it.each([Label.Zone, Label.Hostname])(
    "T-52: preferred affinity by %s to a pod that is not there is given up",
    (key) => {
      const { newClaims, relaxed } = solve(aProblem({ pods: [aPod({ spec: aWish("podAffinity", key) })] }));
      expect(newClaims).toHaveLength(1);
      expect(relaxed.map((each) => each.relaxed)).toEqual([[`preferred pod affinity by ${key} (weight 1)`]]);
    },
  );

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
    const solution = solve(aProblem({ pods: [aPod({ spec })], nodePools: [fixturePool({ taints: [PREFER_NOT] })] }));
    expect(waiting(solution)).toEqual(["web-0"]);
    expect(solution.failures[0]?.relaxed).toEqual([
      "required node affinity term topology.kubernetes.io/zone In [moon]",
      "preferred pod affinity by b (weight 5)",
      "preferred pod affinity by c (weight 5)",
      "preferred pod affinity by a (weight 1)",
      "preferred pod anti-affinity by d (weight 2)",
      "preferred node affinity topology.kubernetes.io/zone In [venus] (weight 1)",
      "topology spread over x (ScheduleAnyway)",
      "topology spread over z (ScheduleAnyway)",
      "topology spread over y (ScheduleAnyway)",
      GIVES_IN,
    ]);
  });
});
