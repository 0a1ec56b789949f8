// Pods that spread over zones: counting, skew, minDomains, and what the pods themselves rule out (S-408…S-416).
// Scenarios of docs/reference/upstream-parity.md: E-134.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod, PodSpec, TopologySpreadConstraint } from "../../api/index.ts";
import { aNodeInput, aPod, aProblem, fixturePool, nextRound, pods } from "../../testing/builders/index.ts";
import type { PodOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { spreadOver } from "../../testing/pod-wishes.ts";
import { podsPerDomain, skewOf } from "../../testing/pods-per-domain.ts";
import { companies, refusals, waiting, zonesOf } from "../../testing/read-solution.ts";
import type { NodeInput, PoolInput, ProblemInput, Solution } from "../index.ts";

const [ZONE_1, ZONE_2, ZONE_3] = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;
const LABELS = { app: "web" };

function spreading(
  count: number,
  changes: Partial<TopologySpreadConstraint> = {},
  options: PodOptions = {},
  spec: Partial<PodSpec> = {},
): readonly Pod[] {
  return pods(count, { labels: LABELS, ...options, spec: { ...spreadOver("web", Label.Zone, changes), ...spec } });
}

function inZones(...zones: readonly string[]): PoolInput {
  return fixturePool({ requirements: [{ key: Label.Zone, operator: "In", values: zones }] });
}

/** Needs one of the zones. */
function requiring(...zones: readonly string[]): PodOptions {
  return { requiredTerms: [[[Label.Zone, "In", ...zones]]] };
}

/** A node without room for more. */
function aFullNode(name: string, labels: Readonly<Record<string, string>>, running: readonly PodOptions[]): NodeInput {
  const bound = running.map((options, index) => aPod({ name: `${name}-${index}`, nodeName: name, ...options }));
  return aNodeInput({ name, labels, allocatable: { pods: String(bound.length) }, pods: bound });
}

const counted = (count: number): readonly PodOptions[] => Array.from({ length: count }, () => ({ labels: LABELS }));

describe.each(PARITY_ENGINES)("spread over zones ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
  const skew = (changes: Partial<ProblemInput>): readonly number[] => {
    const problem = aProblem(changes);
    return skewOf(problem, solve(problem), Label.Zone);
  };
  /** What stands after one batch of pods after the other, each in the pool of its time. */
  const after = (...rounds: readonly Partial<ProblemInput>[]): { problem: ProblemInput; solution: Solution } => {
    let problem = aProblem();
    let solution = solve(problem);
    for (const { pods: arriving = [], ...changes } of rounds) {
      problem = { ...nextRound(problem, solution, arriving), ...changes };
      solution = solve(problem);
    }
    return { problem, solution };
  };
  const zonesAfter = (...rounds: readonly Partial<ProblemInput>[]): Record<string, number> => {
    const { problem, solution } = after(...rounds);
    return podsPerDomain(problem, solution, Label.Zone);
  };

  it("T-53: four pods with skew 1 come to 1, 1 and 2", () => {
    expect(skew({ pods: spreading(4) })).toEqual([1, 1, 2]);
  });

  it("T-54: only the zones that the pool allows count", () => {
    expect(skew({ pods: spreading(4), nodePools: [inZones(ZONE_1, ZONE_2)] })).toEqual([2, 2]);
  });

  it("T-55: zones may come from the labels of several pools", () => {
    const nodePools = [ZONE_1, ZONE_2].map((zone) => fixturePool({ name: zone, labels: { [Label.Zone]: zone } }));
    expect(skew({ pods: spreading(4), nodePools })).toEqual([2, 2]);
  });

  it("T-56: a key that nothing has makes the pod wait; others are not touched", () => {
    const list = [...spreading(1, { topologyKey: "unknown" }), aPod({ name: "free" })];
    const solution = solve(aProblem({ pods: list }));
    expect(companies(solution)).toEqual([["free"]]);
    expect(refusals(solution)).toEqual(["TopologySpread"]);
    expect(solution.failures[0]?.nodePools[0]?.detail).toBe(
      "topology spread over unknown with maxSkew 1 leaves no domain; no domain is known",
    );
    expect(solution.failures[0]?.summary).toBe(
      "topology spread over unknown with maxSkew 1: no node, NodePool or instance type has that label (NodePool default); correct the topologyKey, or give the label to the NodePool in spec.template.metadata.labels",
    );
  });

  it("T-57: a constraint without a selector counts nobody", () => {
    const [constraint] = spreadOver("web", Label.Zone).topologySpreadConstraints ?? [];
    const { labelSelector: _, ...unselective } = constraint ?? {
      maxSkew: 1,
      topologyKey: "",
      whenUnsatisfiable: "DoNotSchedule",
    };
    const list = pods(2, { labels: LABELS, spec: { topologySpreadConstraints: [unselective] } });
    expect(skew({ pods: list })).toEqual([2]);
    expect(skew({ pods: spreading(2) })).toEqual([1, 1]);
  });

  it("T-58: with only one zone open, it fills up to the skew above the emptiest", () => {
    const batch = (name: string, count: number) => spreading(count, { maxSkew: 5 }, { name, requests: { cpu: "1.1" } });
    const { problem, solution } = after(
      { pods: batch("first", 1), nodePools: [inZones(ZONE_1)] },
      { pods: batch("second", 1), nodePools: [inZones(ZONE_2)] },
      { pods: batch("third", 10), nodePools: [inZones(ZONE_3)] },
    );
    expect(podsPerDomain(problem, solution, Label.Zone)).toEqual({ [ZONE_1]: 1, [ZONE_2]: 1, [ZONE_3]: 6 });
    expect(refusals(solution)).toEqual(Array(4).fill("TopologySpread"));
  });

  it("T-59: new pods go where pods have gone", () => {
    const requests = { cpu: "1.1" };
    const first = aProblem({ pods: spreading(9, {}, { requests }) });
    const settled = nextRound(first, solve(first), spreading(3, {}, { name: "new", requests }));
    expect(Object.values(podsPerDomain(first, solve(first), Label.Zone))).toEqual([3, 3, 3]);
    const nodes = settled.nodes.map((node) => (node.labels[Label.Zone] === ZONE_1 ? node : { ...node, pods: [] }));
    const second = { ...settled, nodes };
    const solution = solve(second);
    expect(podsPerDomain(second, solution, Label.Zone)[ZONE_1]).toBe(3);
    expect(skewOf(second, solution, Label.Zone)).toEqual([1, 2, 3]);
  });

  it.each<readonly [string, Readonly<Record<string, string>>, PodOptions]>([
    ["without the labels", { [Label.Zone]: ZONE_3 }, {}],
    ["on a node without the key", {}, { labels: LABELS }],
    ["in another namespace", { [Label.Zone]: ZONE_3 }, { labels: LABELS, namespace: "other" }],
    ["on their way out", { [Label.Zone]: ZONE_3 }, { labels: LABELS, deletionTimestamp: "2026-01-01T00:00:00Z" }],
  ])("T-60: pods %s do not count", (_, labels, ignored) => {
    const nodes = [
      aFullNode("n1", { [Label.Zone]: ZONE_1 }, counted(2)),
      aFullNode("n2", { [Label.Zone]: ZONE_2 }, counted(1)),
      aFullNode("n3", labels, [ignored, ignored, ignored]),
    ];
    const problem = aProblem({ pods: spreading(2), nodes });
    const solution = solve(problem);
    expect(podsPerDomain(problem, solution, Label.Zone)[ZONE_1]).toBe(2);
    expect(skewOf(problem, solution, Label.Zone)).toEqual([1, 2, 2]);
  });

  it("T-60: pods that stay pending do not count", () => {
    const nodes = [
      aFullNode("n1", { [Label.Zone]: ZONE_1 }, counted(2)),
      aFullNode("n2", { [Label.Zone]: ZONE_2 }, counted(1)),
    ];
    const huge = pods(3, {
      name: "a",
      labels: LABELS,
      requests: { cpu: "99" },
      nodeSelector: { [Label.Zone]: ZONE_3 },
    });
    const problem = aProblem({ pods: [...huge, ...spreading(2)], nodes });
    const solution = solve(problem);
    expect(waiting(solution)).toEqual(["a-0", "a-1", "a-2"]);
    expect(skewOf(problem, solution, Label.Zone)).toEqual([1, 2, 2]);
  });

  it("S-410: a bound pod that is planned anew is not counted where it runs", () => {
    const list = spreading(3);
    const running = aFullNode("n1", { [Label.Zone]: ZONE_1 }, []);
    const problem = aProblem({ pods: list, nodes: [{ ...running, pods: list.slice(0, 1) }] });
    expect(zonesOf(solve(problem)).flat().toSorted()).toEqual([ZONE_1, ZONE_2, ZONE_3]);
  });

  it("T-64: fewer zones than minDomains count as an empty zone", () => {
    const problem = aProblem({ pods: spreading(3, { minDomains: 3 }), nodePools: [inZones(ZONE_1, ZONE_2)] });
    const solution = solve(problem);
    expect(skewOf(problem, solution, Label.Zone)).toEqual([1, 1]);
    expect(refusals(solution)).toEqual(["TopologySpread"]);
    expect(solution.failures[0]?.summary).toMatch(/^topology spread over .* with maxSkew 1 and minDomains 3/);
  });

  it.each([2, 3])("T-65: minDomains %i is met by three zones", (minDomains) => {
    expect(skew({ pods: spreading(11, { minDomains }) })).toEqual([3, 4, 4]);
  });

  it.each([
    ["after", "a-free", "strict", 3],
    ["before", "free", "a-strict", 1],
  ])(
    "T-66: a workload without minDomains placed %s one with them is not held to theirs",
    (_, free, strict, pending) => {
      const list = [...spreading(3, { minDomains: 3 }, { name: strict }), ...spreading(3, {}, { name: free })];
      const solution = solve(aProblem({ pods: list, nodePools: [inZones(ZONE_1, ZONE_2)] }));
      expect(
        companies(solution)
          .flat()
          .filter((name) => name.startsWith(free)),
      ).toHaveLength(3);
      expect(waiting(solution).map((name) => name.slice(0, strict.length))).toEqual(Array(pending).fill(strict));
    },
  );

  it("T-75: each pod sees only the zones it may use", () => {
    const one = spreading(5, {}, { name: "one", nodeSelector: { [Label.Zone]: ZONE_1 } });
    const two = spreading(10, {}, { name: "two", nodeSelector: { [Label.Zone]: ZONE_2 } });
    expect(zonesAfter({ pods: [...one, ...two] })).toEqual({ [ZONE_1]: 5, [ZONE_2]: 10 });
  });

  it("T-75: batches that may use different zones even each other out", () => {
    const batch = (name: string, count: number, options: PodOptions = {}): Partial<ProblemInput> => {
      const { spec } = aPod(options);
      return { pods: spreading(count, {}, { name }, spec.affinity && { affinity: spec.affinity }) };
    };
    const rounds = [
      batch("first", 6, requiring(ZONE_1, ZONE_2)),
      batch("second", 1, requiring(ZONE_2, ZONE_3)),
      batch("third", 5),
    ];
    expect(zonesAfter(...rounds.slice(0, 1))).toEqual({ [ZONE_1]: 3, [ZONE_2]: 3 });
    expect(zonesAfter(...rounds.slice(0, 2))).toEqual({ [ZONE_1]: 3, [ZONE_2]: 3, [ZONE_3]: 1 });
    expect(zonesAfter(...rounds)).toEqual({ [ZONE_1]: 4, [ZONE_2]: 4, [ZONE_3]: 4 });
  });

  it("T-76: a preferred zone does not limit the spread", () => {
    const preference = { matchExpressions: [{ key: Label.Zone, operator: "In", values: [ZONE_1] }] };
    const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] };
    expect(skew({ pods: spreading(6, {}, {}, { affinity: { nodeAffinity } }) })).toEqual([2, 2, 2]);
  });

  it("S-402: pods that gave something up still count those placed before them", () => {
    const terms: PodOptions["requiredTerms"] = [[[Label.Zone, "In", "moon"]], [[Label.Zone, "In", ZONE_1, ZONE_2]]];
    const { affinity } = aPod({ requiredTerms: terms }).spec;
    const picky = spreading(2, {}, { name: "picky", requests: { cpu: "100m" } }, affinity && { affinity });
    const pinned = spreading(2, {}, { name: "first", requests: { cpu: "1" }, nodeSelector: { [Label.Zone]: ZONE_1 } });
    expect(zonesAfter({ pods: [...pinned, ...picky] })).toEqual({ [ZONE_1]: 2, [ZONE_2]: 2 });
  });
});
