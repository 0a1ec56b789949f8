// Pods that want to be near others (S-418…S-421, S-424).
// Scenarios of docs/reference/upstream-parity.md: E-133.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod, PodAffinityTerm } from "../../api/index.ts";
import { aNodeInput, aPod, aProblem, nextRound, pods } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { checkPlan } from "../../testing/plan-checker/index.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { near, spreadOver, together } from "../../testing/pod-wishes.ts";
import { companies, joined, refusals, waiting, zonesOf } from "../../testing/read-solution.ts";
import type { ProblemInput, Solution } from "../index.ts";

const [ZONE_1, ZONE_2, ZONE_3] = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;

/** Every order of the list. */
function orders<T>(list: readonly T[]): readonly (readonly T[])[] {
  if (list.length === 0) return [[]];
  return list.flatMap((first, index) => orders(list.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

/** Of several pods, the first is the largest, so that it is placed first. */
function tall(pod: Pod): Pod {
  const [main] = pod.spec.containers;
  const containers = [{ name: "main", ...main, resources: { requests: { cpu: "1" } } }];
  return { ...pod, spec: { ...pod.spec, containers } };
}

describe.each(PARITY_ENGINES)("pod affinity ($name)", (engine) => {
  const solve = (problem: ProblemInput): Solution => expectValid(problem, engine.solve(problem));
  const place = (list: readonly Pod[]): Solution => solve(aProblem({ pods: list }));

  it("T-79: by host, the pod joins the node of its target", () => {
    const target = aPod({ name: "db", labels: { app: "db" } });
    const follower = aPod({ name: "web", requests: { cpu: "100m" }, ...near("db", Label.Hostname) });
    expect(companies(place([target, follower]))).toEqual([["db", "web"]]);
    const stranger = aPod({ name: "stranger", ...near("nobody", Label.Hostname) });
    expect(waiting(place([target, stranger]))).toEqual(["stranger"]);
  });

  it("T-80: three pods that want each other share one host", () => {
    expect(companies(place(pods(3, together("web", Label.Hostname))))).toEqual([["web-0", "web-1", "web-2"]]);
  });

  it("T-80: of ten that want each other five fit one host; the rest waits, now and in the next round", () => {
    const problem = aProblem({ pods: pods(10, together("web", Label.Hostname)) });
    const first = solve(problem);
    expect(first.newClaims.map((claim) => claim.pods.length)).toEqual([5]);
    expect(refusals(first)).toEqual(Array(5).fill("PodAffinity"));
    const second = solve(nextRound(problem, first));
    expect([second.newClaims, second.existing, second.failures.length]).toEqual([[], [], 5]);
  });

  it("T-81: pods that may not enter the zone of the first one wait, now and in the next round", () => {
    const wish = together("web", Label.Hostname);
    const first = tall(aPod({ ...wish, name: "first", nodeSelector: { [Label.Zone]: ZONE_1 } }));
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: Label.Zone, operator: "In", values: [ZONE_2, ZONE_3] }] }],
      },
    };
    const others = pods(9, {
      ...wish,
      name: "other",
      spec: { affinity: { ...wish.spec?.affinity, nodeAffinity } },
    });
    const problem = aProblem({ pods: [...others, first] });
    const solution = solve(problem);
    expect(companies(solution)).toEqual([["first"]]);
    expect(waiting(solution)).toHaveLength(9);
    const second = solve(nextRound(problem, solution));
    expect([second.newClaims, second.existing, second.failures.length]).toEqual([[], [], 9]);
  });

  it.each([
    ["one zone", {}, undefined],
    ["the zone they are pinned to", { nodeSelector: { [Label.Zone]: ZONE_3 } }, ZONE_3],
  ])("T-82: three pods that want one zone but different hosts share %s", (_, pin, zone) => {
    const wish = together("web", Label.Zone);
    const list = pods(3, { ...wish, ...pin, spec: { ...wish.spec, ...spreadOver("web", Label.Hostname) } });
    const solution = place(list);
    expect(companies(solution)).toEqual([["web-0"], ["web-1"], ["web-2"]]);
    const [used, ...more] = new Set(zonesOf(solution).map((zones) => zones.join()));
    expect(more).toEqual([]);
    expect(used).toBe(zone ?? ZONE_1);
  });

  it("T-83, S-420: pods pinned to two zones each start their own company, which kube-scheduler lets only one of them do", () => {
    const pinned = [ZONE_2, ZONE_3].map((zone) =>
      aPod({ ...together("web", Label.Zone), name: zone, nodeSelector: { [Label.Zone]: zone } }),
    );
    const problem = aProblem({ pods: pinned });
    const solution = engine.solve(problem);
    expect(zonesOf(solution).toSorted()).toEqual([[ZONE_2], [ZONE_3]]);
    expect(waiting(solution)).toEqual([]);
    expect(checkPlan(problem, solution).map(({ rule }) => rule)).toEqual(["PodAffinity"]);
  });

  it("T-92: affinity to a pod that does not exist leaves the pod waiting, and says so", () => {
    const solution = place(pods(3, near("nobody", Label.Zone)));
    expect(refusals(solution)).toEqual(["PodAffinity", "PodAffinity", "PodAffinity"]);
    expect(solution.failures[0]?.summary).toBe(
      "pod affinity needs pods with app=nobody in namespace default in the same topology.kubernetes.io/zone, and none runs (NodePool default); start one, or correct the term's labelSelector",
    );
  });

  it("T-93, S-424: a target whose zone is open keeps ten followers waiting; the next round has all in its zone", () => {
    const followers = pods(10, { ...near("db", Label.Zone), requests: { cpu: "10m" } });
    const problem = aProblem({ pods: [aPod({ name: "db", labels: { app: "db" } }), ...followers] });
    const first = solve(problem);
    expect(companies(first)).toEqual([["db"]]);
    expect(refusals(first)).toEqual(Array(10).fill("PodAffinity"));
    const next = nextRound(problem, first);
    const second = solve(next);
    expect(waiting(second)).toEqual([]);
    expect(joined(second)).toEqual([["default-1", 4]]);
    const zone = next.nodes[0]?.labels[Label.Zone];
    expect(new Set(zonesOf(second).map((zones) => zones.join()))).toEqual(new Set([zone]));
  });

  it("T-93, S-412: a target that may land in two zones is nowhere yet", () => {
    const target = aPod({
      name: "db",
      labels: { app: "db" },
      requests: { cpu: "1" },
      requiredTerms: [[[Label.Zone, "In", ZONE_1, ZONE_2]]],
    });
    const solution = place([target, aPod({ name: "web", ...near("db", Label.Zone) })]);
    expect(companies(solution)).toEqual([["db"]]);
    expect(zonesOf(solution)).toEqual([[ZONE_1, ZONE_2]]);
    expect(refusals(solution)).toEqual(["PodAffinity"]);
  });

  it("T-93: a target that is pinned to a zone is joined at once", () => {
    const followers = pods(10, { ...near("db", Label.Zone), requests: { cpu: "10m" } });
    const pinned = aPod({ name: "db", labels: { app: "db" }, nodeSelector: { [Label.Zone]: ZONE_2 } });
    const solution = place([pinned, ...followers]);
    expect(waiting(solution)).toEqual([]);
    expect(companies(solution).flat()).toHaveLength(11);
    expect(new Set(zonesOf(solution).map((zones) => zones.join()))).toEqual(new Set([ZONE_2]));
  });

  it("T-94: a chain of affinities ends on one node, whatever the order of pods and names", () => {
    const target: Readonly<Record<string, string>> = { web: "db", cache: "web", ui: "cache" };
    const all = orders(["db", "web", "cache", "ui"]);
    for (let repetition = 0; repetition < 50; repetition++) {
      const byName = all[repetition % all.length] ?? [];
      const listed = all[(repetition * 7 + 3) % all.length] ?? [];
      const chain = listed.map((app) => {
        const to = target[app];
        const uid = `${byName.indexOf(app)}-${app}`;
        return aPod({ name: app, uid, labels: { app }, ...(to === undefined ? {} : near(to, Label.Hostname)) });
      });
      expect(companies(place(chain))).toEqual([["cache", "db", "ui", "web"]]);
    }
  });

  it("T-95, S-404: a term speaks of the pod's own namespace unless it says otherwise", () => {
    const elsewhere = aPod({ name: "db", namespace: "data", labels: { app: "db" }, nodeName: "n1" });
    const node = aNodeInput({ labels: { [Label.Zone]: ZONE_1 }, pods: [elsewhere] });
    const namespaces = [{ name: "data", labels: { team: "storage" } }];
    const isPlaced = (changes: Partial<PodAffinityTerm>): boolean =>
      waiting(solve(aProblem({ pods: [aPod(near("db", Label.Zone, changes))], nodes: [node], namespaces }))).length ===
      0;
    expect(isPlaced({})).toBe(false);
    expect(isPlaced({ namespaces: ["data"] })).toBe(true);
    expect(isPlaced({ namespaces: ["other"] })).toBe(false);
    expect(isPlaced({ namespaceSelector: {} })).toBe(true);
    expect(isPlaced({ namespaceSelector: { matchLabels: { team: "storage" } } })).toBe(true);
    expect(isPlaced({ namespaceSelector: { matchLabels: { team: "other" } } })).toBe(false);
  });

  it("T-95: the same holds for a target that waits with the pod", () => {
    const target = aPod({ name: "db", namespace: "data", labels: { app: "db" }, requests: { cpu: "1" } });
    const isPlaced = (changes: Partial<PodAffinityTerm>): boolean =>
      waiting(place([target, aPod(near("db", Label.Hostname, changes))])).length === 0;
    expect(isPlaced({})).toBe(false);
    expect(isPlaced({ namespaces: ["data"] })).toBe(true);
    expect(isPlaced({ namespaceSelector: {} })).toBe(true);
  });
});
