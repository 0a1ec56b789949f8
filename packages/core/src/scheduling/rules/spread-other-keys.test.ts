// Pods that spread over hosts, capacity types and labels of pools, and which nodes count for that (S-406, S-411, S-414, S-416).

import { describe, expect, it } from "vitest";
import { CapacityType, Label } from "../../api/index.ts";
import type { Pod, TopologySpreadConstraint } from "../../api/index.ts";
import { aNodeInput, aProblem, fixturePool, nextRound, pods } from "../../testing/builders/index.ts";
import type { PodOptions, PoolInputOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { spreadOver } from "../../testing/pod-wishes.ts";
import { podsPerDomain, skewOf } from "../../testing/pods-per-domain.ts";
import { companies, refusals } from "../../testing/read-solution.ts";
import type { NodeInput, PoolInput, ProblemInput, Solution } from "../index.ts";

const LABELS = { app: "web" };
const RACK = "rack";

function spreading(
  count: number,
  topologyKey: string,
  changes: Partial<TopologySpreadConstraint> = {},
  options: PodOptions = {},
): readonly Pod[] {
  return pods(count, { labels: LABELS, ...options, spec: spreadOver("web", topologyKey, changes) });
}

/** A pool whose nodes stand in one of the racks. */
function inRacks(name: string, values: readonly string[], options: PoolInputOptions = {}): PoolInput {
  return fixturePool({ name, requirements: [{ key: RACK, operator: "In", values }], ...options });
}

function sold(capacityType: string): PoolInputOptions {
  return { requirements: [{ key: Label.CapacityType, operator: "In", values: [capacityType] }] };
}

describe.each(PARITY_ENGINES)("spread over other keys ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
  const perHost = (list: readonly Pod[]): readonly number[] =>
    companies(solve(aProblem({ pods: list })))
      .map((names) => names.length)
      .toSorted((a, b) => a - b);
  const perDomain = (key: string, changes: Partial<ProblemInput>): Record<string, number> => {
    const problem = aProblem(changes);
    return podsPerDomain(problem, solve(problem), key);
  };

  describe("hosts", () => {
    it("T-61: pods that the selector does not select may all share one", () => {
      const other = { labelSelector: { matchLabels: { app: "other" } } };
      expect(perHost(spreading(5, Label.Hostname, other))).toEqual([5]);
    });

    it.each([
      [1, [1, 1, 1, 1]],
      [4, [4]],
    ])("T-62: four pods with skew %i come to %j", (maxSkew, expected) => {
      expect(perHost(spreading(4, Label.Hostname, { maxSkew }))).toEqual(expected);
    });

    const workload = (app: string, options: PodOptions = {}): readonly Pod[] =>
      pods(2, { name: app, labels: { app }, ...options, spec: spreadOver(app, Label.Hostname) });

    it("T-63: two workloads share hosts, with one pod of each on each", () => {
      const solution = solve(aProblem({ pods: [...workload("a"), ...workload("b")] }));
      expect(companies(solution).map((names) => names.map((name) => name.slice(0, 1)))).toEqual([
        ["a", "b"],
        ["a", "b"],
      ]);
    });

    it("T-63: the same on nodes that are there, which would be filled one after the other", () => {
      const nodes = ["n1", "n2"].map((name) => aNodeInput({ name }));
      const { existing } = solve(aProblem({ pods: [...workload("a"), ...workload("b")], nodes }));
      expect(existing.map((place) => place.pods.map(({ metadata }) => metadata.name?.slice(0, 1)))).toEqual([
        ["a", "b"],
        ["a", "b"],
      ]);
    });

    it("T-63: workloads of different architectures share none", () => {
      const list = ["amd64", "arm64"].flatMap((arch) => workload(arch, { nodeSelector: { [Label.Arch]: arch } }));
      expect(perHost(list)).toEqual([1, 1, 1, 1]);
    });

    it("T-69: batch after batch the skew of zones and that of hosts hold at once", () => {
      const [zones] = spreadOver("web", Label.Zone).topologySpreadConstraints ?? [];
      const [hosts] = spreadOver("web", Label.Hostname, { maxSkew: 3 }).topologySpreadConstraints ?? [];
      const topologySpreadConstraints = [zones, hosts].flatMap((constraint) => constraint ?? []);
      let problem = aProblem();
      let total = 0;
      for (const size of [2, 3, 5, 11]) {
        total += size;
        const batch = pods(size, { name: `batch-${total}`, labels: LABELS, spec: { topologySpreadConstraints } });
        problem = nextRound(problem, solve(problem), batch);
        const solution = solve(problem);
        const counts = podsPerDomain(problem, solution, Label.Zone);
        const perZone = ["test-zone-1", "test-zone-2", "test-zone-3"].map((zone) => counts[zone] ?? 0);
        expect(perZone.reduce((sum, each) => sum + each)).toBe(total);
        expect(Math.max(...perZone) - Math.min(...perZone)).toBeLessThanOrEqual(1);
        expect(Math.max(...skewOf(problem, solution, Label.Hostname))).toBeLessThanOrEqual(3);
      }
      expect(total).toBe(21);
    });

    it("T-71: matchLabelKeys keep revisions apart", () => {
      const keyed = { matchLabelKeys: ["rev"] };
      const revision = (rev: string): readonly Pod[] =>
        spreading(2, Label.Hostname, keyed, { name: rev, labels: { ...LABELS, rev } });
      expect(perHost([...revision("1"), ...revision("2")])).toEqual([2, 2]);
    });

    it("T-71: a key that the pods lack changes nothing", () => {
      expect(perHost(spreading(4, Label.Hostname, { matchLabelKeys: ["rev"] }))).toEqual([1, 1, 1, 1]);
    });
  });

  describe("capacity types", () => {
    it("T-67: are domains too", () => {
      const counts = perDomain(Label.CapacityType, { pods: spreading(4, Label.CapacityType) });
      expect(counts).toEqual({ "on-demand": 2, spot: 2 });
    });

    const onlySpot = (whenUnsatisfiable: TopologySpreadConstraint["whenUnsatisfiable"]): Partial<ProblemInput> => {
      const labels = { [Label.CapacityType]: CapacityType.OnDemand };
      return {
        pods: spreading(5, Label.CapacityType, { whenUnsatisfiable }),
        nodes: [aNodeInput({ name: "full", labels, allocatable: { pods: "0" } })],
        nodePools: [fixturePool(sold(CapacityType.Spot))],
      };
    };

    it("T-68: with ScheduleAnyway nobody is held back where only one can be had", () => {
      expect(perDomain(Label.CapacityType, onlySpot("ScheduleAnyway"))).toEqual({ spot: 5 });
      expect(perDomain(Label.CapacityType, onlySpot("DoNotSchedule"))).toEqual({ spot: 1 });
    });

    it("T-70: a custom label decides how pods spread over them", () => {
      const pool = (capacityType: string, values: readonly string[]): PoolInput => {
        const { requirements = [] } = sold(capacityType);
        return fixturePool({
          name: capacityType,
          requirements: [...requirements, { key: RACK, operator: "In", values }],
        });
      };
      const nodePools = [pool(CapacityType.OnDemand, ["1"]), pool(CapacityType.Spot, ["2", "3", "4", "5"])];
      const input = { pods: spreading(20, RACK), nodePools };
      expect(perDomain(RACK, input)).toEqual({ "1": 4, "2": 4, "3": 4, "4": 4, "5": 4 });
      expect(perDomain(Label.CapacityType, input)).toEqual({ "on-demand": 4, spot: 16 });
    });
  });

  describe("labels of nodes that the pods cannot use", () => {
    const full = (options: Parameters<typeof aNodeInput>[0]): readonly NodeInput[] =>
      ["foo", "bar"].map((rack) =>
        aNodeInput({ name: rack, ...options, labels: { [RACK]: rack }, allocatable: { pods: "0" } }),
      );
    const policies = [
      ["Ignore", 1, 4],
      ["Honor", 5, 0],
    ] as const;

    it.each(policies)("T-72: with nodeTaintsPolicy %s %i of five go where they can", (policy, placed, pending) => {
      const problem = aProblem({
        pods: spreading(5, RACK, { nodeTaintsPolicy: policy }),
        nodes: full({ taints: [{ key: "taint", effect: "NoSchedule" }] }),
        nodePools: [fixturePool({ labels: { [RACK]: "baz" } })],
      });
      const solution = solve(problem);
      expect(podsPerDomain(problem, solution, RACK)).toEqual({ baz: placed });
      expect(refusals(solution)).toEqual(Array(pending).fill("TopologySpread"));
    });

    it.each(policies)("T-73: with nodeAffinityPolicy %s %i of five go where they select", (policy, placed, pending) => {
      const problem = aProblem({
        pods: spreading(5, RACK, { nodeAffinityPolicy: policy }, { nodeSelector: { selected: "yes" } }),
        nodes: full({}),
        nodePools: [fixturePool({ labels: { [RACK]: "baz", selected: "yes" } })],
      });
      const solution = solve(problem);
      expect(podsPerDomain(problem, solution, RACK)).toEqual({ baz: placed });
      expect(refusals(solution)).toEqual(Array(pending).fill("TopologySpread"));
    });

    it("T-74: with nodeTaintsPolicy Honor racks and pods count only where the taints are tolerated", () => {
      const taints = (key: string): PoolInputOptions => ({ taints: [{ key, effect: "NoSchedule" }] });
      const tolerating = (count: number, key: string): readonly Pod[] =>
        spreading(
          count,
          RACK,
          { nodeTaintsPolicy: "Honor" },
          { name: key, tolerations: [{ key, operator: "Exists" }] },
        );
      const counts = perDomain(RACK, {
        pods: [...tolerating(2, "t0"), ...tolerating(4, "t1")],
        nodePools: [inRacks("t0", ["foo", "bar"], taints("t0")), inRacks("t1", ["foo", "baz"], taints("t1"))],
      });
      expect(counts).toEqual({ bar: 1, baz: 2, foo: 3 });
    });
  });
});
