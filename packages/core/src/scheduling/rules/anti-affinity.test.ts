// Pods that keep away from others, and that others keep away from (S-417, S-422, S-423).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod, PodAffinityTerm } from "../../api/index.ts";
import { aNodeInput, aPod, aPoolInput, aProblem, fixtureTypes, nextRound, pods } from "../../testing/builders/index.ts";
import type { PodOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { checkPlan } from "../../testing/plan-checker/index.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { apart, scattered } from "../../testing/pod-wishes.ts";
import { companies, joined, refusals, waiting, zonesOf } from "../../testing/read-solution.ts";
import type { NodeInput, ProblemInput, Solution } from "../index.ts";

const ZONES = ["test-zone-1", "test-zone-2", "test-zone-3"];

/** One per zone, larger than what follows, so that they are placed first. */
function pinned(options: PodOptions): readonly Pod[] {
  return ZONES.map((zone) =>
    aPod({ ...options, name: zone, requests: { cpu: "2" }, nodeSelector: { [Label.Zone]: zone } }),
  );
}

/** One node per zone, each with such a pod. */
function occupied(options: PodOptions, zones: readonly string[] = ZONES): readonly NodeInput[] {
  return zones.map((zone) =>
    aNodeInput({
      name: `in-${zone}`,
      labels: { [Label.Zone]: zone },
      pods: [aPod({ ...options, name: zone, nodeName: `in-${zone}` })],
    }),
  );
}

describe.each(PARITY_ENGINES)("pod anti-affinity ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
  const place = (list: readonly Pod[], changes: Partial<ProblemInput> = {}): Solution =>
    solve(aProblem({ pods: list, ...changes }));

  it("T-84: by host, each of two pods gets its own node", () => {
    expect(companies(place(pods(2, scattered("web", Label.Hostname))))).toEqual([["web-0"], ["web-1"]]);
  });

  it("T-85: where every zone has such a pod, none is left", () => {
    const lonely = aPod({ name: "lonely", ...apart("web", Label.Zone) });
    const solution = place([...pinned({ labels: { app: "web" } }), lonely]);
    expect(waiting(solution)).toEqual(["lonely"]);
    expect(refusals(solution)).toEqual(["PodAntiAffinity"]);
    expect(solution.failures[0]?.nodePools[0]?.detail).toBe(
      "pod anti-affinity by topology.kubernetes.io/zone leaves no domain; " +
        "pods per domain: test-zone-1 1, test-zone-2 1, test-zone-3 1",
    );
    expect(solution.failures[0]?.summary).toBe(
      "pod anti-affinity keeps away from pods with app=web, and every allowed topology.kubernetes.io/zone has or may get one (NodePool default); allow more of them in the NodePool, or make the term a preference",
    );
  });

  it("T-86, S-423: in parity mode a pod whose zone is open keeps the one that avoids it out of every zone", () => {
    const avoided = aPod({ name: "avoided", labels: { app: "web" }, requests: { cpu: "2" } });
    const lonely = aPod({ name: "lonely", ...apart("web", Label.Zone) });
    const solution = place([lonely, avoided]);
    expect(companies(solution)).toEqual([["avoided"]]);
    expect(refusals(solution)).toEqual(["PodAntiAffinity"]);
  });

  it("T-87, S-417: pods pinned to every zone refuse a pod that asks for nothing", () => {
    const refused = aPod({ name: "refused", labels: { app: "web" } });
    const solution = place([...pinned(apart("web", Label.Zone)), refused]);
    expect(waiting(solution)).toEqual(["refused"]);
    expect(refusals(solution)).toEqual(["InversePodAntiAffinity"]);
    expect(solution.failures[0]?.summary).toBe(
      "the anti-affinity of other pods refuses pods with app=web in every allowed topology.kubernetes.io/zone (NodePool default); allow more of them in the NodePool, or change those other pods",
    );
  });

  it("T-88, S-423: in parity mode a carrier whose zone is open closes all of them until the next round", () => {
    const carrier = aPod({ name: "carrier", requests: { cpu: "2" }, ...apart("web", Label.Zone) });
    const refused = aPod({ name: "refused", labels: { app: "web" } });
    const problem = aProblem({ pods: [refused, carrier] });
    const first = solve(problem);
    expect(companies(first)).toEqual([["carrier"]]);
    expect(refusals(first)).toEqual(["InversePodAntiAffinity"]);
    const next = nextRound(problem, first);
    const second = solve(next);
    expect(companies(second)).toEqual([["refused"]]);
    expect(zonesOf(second)).toEqual([ZONES.filter((zone) => zone !== next.nodes[0]?.labels[Label.Zone])]);
  });

  it("T-89: pods that run already keep their zones closed, on nodes and for new ones", () => {
    const selected = aPod({ labels: { app: "web" } });
    const everywhere = place([selected], { nodes: occupied(apart("web", Label.Zone)) });
    expect(refusals(everywhere)).toEqual(["InversePodAntiAffinity"]);
    expect(everywhere.failures[0]?.existing.byReason).toEqual({ InversePodAntiAffinity: 3 });
    const free = aNodeInput({ name: "free", labels: { [Label.Zone]: "test-zone-1" } });
    const nodes = [...occupied(apart("web", Label.Zone), ["test-zone-1"]), free];
    const elsewhere = place([selected], { nodes });
    expect(joined(elsewhere)).toEqual([]);
    expect(zonesOf(elsewhere)).toEqual([["test-zone-2", "test-zone-3"]]);
    const indifferent = place([aPod({ labels: { app: "other" } })], { nodes });
    expect(joined(indifferent)).toEqual([["free", 1]]);
  });

  it("T-89: by host, only the carrier's own node is closed", () => {
    const nodes = occupied(apart("web", Label.Hostname), ["test-zone-1"]);
    expect(joined(place([aPod({ labels: { app: "web" } })], { nodes }))).toEqual([]);
    expect(joined(place([aPod()], { nodes }))).toEqual([["in-test-zone-1", 1]]);
  });

  it("T-90: what other pods only prefer closes nothing", () => {
    const term = { topologyKey: Label.Zone, labelSelector: { matchLabels: { app: "web" } } };
    const wish = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] };
    const carrier: PodOptions = { spec: { affinity: { podAntiAffinity: wish } } };
    const selected = aPod({ name: "selected", labels: { app: "web" } });
    expect(waiting(place([...pinned(carrier), selected]))).toEqual([]);
    expect(joined(place([selected], { nodes: occupied(carrier) }))).toEqual([["in-test-zone-1", 1]]);
  });

  it("T-91, S-423: by zone, in parity mode one pod is placed per round, and a fourth one never", () => {
    const list = pods(3, scattered("web", Label.Zone));
    let problem = aProblem({ pods: list });
    const zones: string[] = [];
    for (const left of [2, 1, 0]) {
      const solution = solve(problem);
      expect(companies(solution)).toHaveLength(1);
      expect(waiting(solution)).toHaveLength(left);
      const arriving = left === 0 ? [aPod({ name: "fourth", ...scattered("web", Label.Zone) })] : [];
      problem = nextRound(problem, solution, arriving);
      zones.push(problem.nodes.at(-1)?.labels[Label.Zone] ?? "");
    }
    expect(zones.toSorted()).toEqual(ZONES);
    for (const round of [4, 5]) {
      const solution = solve(problem);
      expect([round, waiting(solution), companies(solution), joined(solution)]).toEqual([round, ["fourth"], [], []]);
      problem = nextRound(problem, solution);
    }
  });

  it("T-95, S-404: a carrier refuses pods of its own namespace unless it names others", () => {
    const selected = aPod({ namespace: "other", labels: { app: "web" } });
    const isTaken = (changes: Partial<PodAffinityTerm>): boolean =>
      joined(place([selected], { nodes: occupied(apart("web", Label.Hostname, changes), ["test-zone-1"]) })).length ===
      1;
    expect(isTaken({})).toBe(true);
    expect(isTaken({ namespaces: ["other"] })).toBe(false);
    expect(isTaken({ namespaceSelector: {} })).toBe(false);
  });

  it("S-404: a namespace selector that cannot be judged closes the domain to be on the safe side", () => {
    const selective = { namespaceSelector: { matchLabels: { team: "a" } } };
    const carrier: PodOptions = { namespace: "other", ...apart("web", Label.Zone, selective) };
    const problem = aProblem({ pods: [aPod({ labels: { app: "web" } })], nodes: occupied(carrier) });
    expect(waiting(solve(problem))).toHaveLength(1);
    expect(waiting(solve({ ...problem, namespaces: [{ name: "default", labels: {} }] }))).toEqual([]);
  });

  it("T-143, S-407: a zone that only a tainted pool has is open to the pod that tolerates the taint", () => {
    const taint = { key: "dedicated", effect: "NoSchedule" } as const;
    const zone = (operator: "In" | "NotIn", ...values: string[]) => [{ key: Label.Zone, operator, values }];
    const nodePools = [
      aPoolInput({ instanceTypes: fixtureTypes(), requirements: zone("In", "test-zone-1", "test-zone-2") }),
      aPoolInput({
        name: "tainted",
        instanceTypes: fixtureTypes(),
        requirements: zone("In", "test-zone-3"),
        taints: [taint],
      }),
    ];
    const first = aPod({ name: "first", requests: { cpu: "1" }, ...scattered("web", Label.Zone) });
    const second = aPod({ name: "second", ...scattered("web", Label.Zone), tolerations: [{ operator: "Exists" }] });
    const solution = place([first, second], { nodePools });
    expect(solution.newClaims.map(({ nodePool }) => nodePool)).toEqual(["default", "tainted"]);
    expect(zonesOf(solution)).toEqual([["test-zone-1", "test-zone-2"], ["test-zone-3"]]);
  });

  it("a plan that the checker calls valid keeps the two apart for certain", () => {
    const both = pods(2, scattered("web", Label.Zone));
    const problem = aProblem({ pods: both });
    const solution = engine.solve(problem);
    const claim = solution.newClaims[0];
    const forced = { ...solution, failures: [], newClaims: claim ? [{ ...claim, pods: both }] : [] };
    expect(checkPlan(problem, forced).map(({ rule }) => rule)).toContain("PodAntiAffinity");
  });
});
