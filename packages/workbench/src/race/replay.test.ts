import type { KubeObject } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";
import type { Change } from "../e2e-real/history.ts";
import { NO_TERMS, type DepartureTerms } from "./departures.ts";
import { FIXED, FORCED, LATE, replay, type Replay } from "./replay.ts";

const POOL = "pack";
const TAINT = { key: "karpenter.sh/disrupted", effect: "NoSchedule" };
const GONE = "2026-01-31T08:00:00Z";

let version = 0;
const set = (resource: Change["resource"], object: KubeObject): Change => ({
  version: ++version,
  at: 0,
  type: "SET",
  object,
  resource,
});

function node(name: string, isMarked = false): KubeObject {
  const labels = { "karpenter.sh/nodepool": POOL, "karpenter.sh/initialized": "true" };
  const conditions = [{ type: "Ready", status: "True" }];
  const status = { allocatable: { cpu: "2", pods: "10" }, conditions };
  return { metadata: { name, labels }, spec: { taints: isMarked ? [TAINT] : [] }, status } as KubeObject;
}

function leavingClaim(nodeName: string, reason = "Underutilized", isGone = true): KubeObject {
  const conditions = [{ type: "DisruptionReason", status: "True", reason }];
  const metadata = { name: `claim-${nodeName}`, uid: `claim-${nodeName}`, labels: { "karpenter.sh/nodepool": POOL } };
  return {
    metadata: { ...metadata, ...(isGone && { deletionTimestamp: GONE }) },
    spec: {},
    status: { nodeName, conditions },
  } as KubeObject;
}

interface PodShape {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly isGone?: boolean;
  readonly isEvicted?: boolean;
}

function pod(name: string, nodeName: string | undefined, shape: PodShape = {}): KubeObject {
  const { labels = { [FIXED]: "yes" }, annotations = {}, isGone = false, isEvicted = false } = shape;
  const containers = [{ name: "main", image: "x", resources: { requests: { cpu: "1" } } }];
  return {
    metadata: { name, uid: name, labels, annotations, ...(isGone && { deletionTimestamp: GONE }) },
    spec: { containers, nodeSelector: { "karpenter.sh/nodepool": POOL }, ...(nodeName && { nodeName }) },
    status: { phase: "Running", conditions: isEvicted ? [{ type: "DisruptionTarget", status: "True" }] : [] },
  } as KubeObject;
}

/** The controller looked at 10 ; pods are bound at 0 unless it is said. */
const LOOK = 10;

function judged(
  changes: readonly Change[],
  pods: number,
  {
    ours = [],
    bound = {},
    byController = [],
    ...rest
  }: {
    readonly ours?: readonly string[];
    readonly bound?: Readonly<Record<string, number>>;
    /** Pods that it deleted without asking. */
    readonly byController?: readonly string[];
    readonly poolsLeft?: number;
    readonly terms?: DepartureTerms;
  } = {},
): Replay {
  const fixed = new Map([[POOL, { pods, milliCpu: 1000 }]]);
  const looks = {
    lookBefore: () => LOOK,
    boundAt: (name: string) => bound[name] ?? 0,
    deletedByController: (name: string) => byController.includes(name),
  };
  return replay({ changes, fixed, deletedByUs: new Set(ours), looks, ...rest });
}

const rules = ({ findings }: Replay): readonly string[] => findings.map(({ rule }) => rule);

describe("replay", () => {
  it("a node may go when its pods have room elsewhere, and not when they have none", () => {
    const changes = (second: readonly Change[]): readonly Change[] => [
      set("Node", node("a")),
      set("Node", node("b")),
      set("Pod", pod("one", "a")),
      ...second,
      set("Node", node("a", true)),
      set("NodeClaim", leavingClaim("a")),
    ];
    const fits = judged(changes([set("Pod", pod("two", "b"))]), 2);
    expect([rules(fits), fits.removed.get("Underutilized")]).toEqual([[], 1]);
    const full = [set("Pod", pod("two", "b")), set("Pod", pod("three", "b"))];
    expect(rules(judged(changes(full), 3))).toEqual(["capacity"]);
  });

  it("room is no room on a node that is marked, that leaves too, or that has not started", () => {
    const starting = { ...node("c"), metadata: { name: "c", labels: { "karpenter.sh/nodepool": POOL } } } as KubeObject;
    const changes = [
      set("Pod", pod("one", "a")),
      set("Node", node("a", true)),
      set("Node", node("b", true)),
      set("Node", starting),
      set("NodeClaim", leavingClaim("a")),
    ];
    expect(rules(judged(changes, 1))).toEqual(["capacity"]);
  });

  it("what was bound after the last look could not be seen by anybody, and is counted; what was bound before it could", () => {
    const run = (passing: number): Replay =>
      judged(
        [
          set("Pod", pod("one", "a")),
          set("Pod", pod("two", "b")),
          set("Node", node("b")),
          set("Pod", pod("passing", "b", { labels: { [LATE]: "yes" } })),
          set("Node", node("a", true)),
          set("NodeClaim", leavingClaim("a")),
        ],
        2,
        { bound: { passing } },
      );
    expect([rules(run(LOOK + 1)), run(LOOK + 1).unseen]).toEqual([[], 1]);
    expect([rules(run(LOOK)), run(LOOK).unseen]).toEqual([["capacity"], 0]);
  });

  it("an empty node is empty also of a pod that was bound while it was being marked", () => {
    const pods = pod("forced", "a", { labels: { [LATE]: "yes", [FORCED]: "yes" } });
    const run = (forced: number): Replay =>
      judged([set("Node", node("a", true)), set("Pod", pods), set("NodeClaim", leavingClaim("a", "Empty"))], 0, {
        bound: { forced },
      });
    expect([rules(run(LOOK)), run(LOOK).boundWhileMarked]).toEqual([["empty"], 1]);
    expect([rules(run(LOOK + 1)), run(LOOK + 1).unseen]).toEqual([[], 1]);
  });

  it("an empty node that pods of a leaving one need is promised to them", () => {
    const changes = (rest: readonly Change[]): readonly Change[] => [
      set("Node", node("a", true)),
      set("Node", node("b")),
      set("Pod", pod("one", "a")),
      set("NodeClaim", leavingClaim("a")),
      ...rest,
    ];
    expect(rules(judged(changes([]), 1))).toEqual([]);
    const taken = [set("Node", node("b", true)), set("NodeClaim", leavingClaim("b", "Empty"))];
    expect(rules(judged(changes(taken), 1))).toEqual(["promised"]);
  });

  it("a protected pod is ended by nobody but the race, and no pod is evicted from a node that stays", () => {
    const annotations = { "karpenter.sh/do-not-disrupt": "true" };
    const before = [set("Node", node("a")), set("Pod", pod("one", "a", { annotations }))];
    const ended = set("Pod", pod("one", "a", { annotations, isGone: true, isEvicted: true }));
    const seen = judged([...before, ended], 0);
    expect([rules(seen), seen.evicted]).toEqual([["protected", "evicted"], 1]);
    const ours = set("Pod", pod("one", "a", { annotations, isGone: true }));
    expect(rules(judged([...before, ours], 0, { ours: ["one"] }))).toEqual([]);
  });

  it("a node whose NodePool goes needs no room for its pods, although a command had just begun with it", () => {
    const changes = [set("Node", node("a", true)), set("Pod", pod("one", "a")), set("NodeClaim", leavingClaim("a"))];
    expect(rules(judged(changes, 1, { poolsLeft: 0 }))).toEqual(["capacity"]);
    const after = changes.map((change) => ({ ...change, at: 1 }));
    expect([rules(judged(after, 1, { poolsLeft: 0 })), judged(after, 1, { poolsLeft: 0 }).removed.size]).toEqual([
      [],
      0,
    ]);
  });

  it("a finding about an eviction says who did it, and what was known of the node and its claim", () => {
    const claim = leavingClaim("a", "Underutilized", false);
    const condition = { type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager", message: "why" };
    const gone = pod("one", "a", { isGone: true });
    const ended = { ...gone, status: { phase: "Running", conditions: [condition] } } as KubeObject;
    const [known] = judged([set("Node", node("a", true)), set("NodeClaim", claim), set("Pod", ended)], 0).findings;
    expect(known?.text).toBe(
      "pod one was evicted by DeletionByTaintManager (why) from a, which stays: " +
        "node is there, ready True, taints [karpenter.sh/disrupted:NoSchedule]; nodeclaim claim-a is DisruptionReason",
    );
    const [unknown] = judged([set("Pod", ended)], 0).findings;
    expect(unknown?.text).toContain("node is not there; no nodeclaim names it");
  });

  it("a pod bound to a node that has been given up came too late", () => {
    const changes = [set("Node", node("a", true)), set("NodeClaim", leavingClaim("a")), set("Pod", pod("one", "a"))];
    expect(rules(judged(changes, 0))).toEqual(["late"]);
  });
});

/** Nodes that leave without a command: at their age, by hand, because they are sick. The API server's times are those of GONE. */
describe("replay of nodes that go whatever runs on them", () => {
  const NOW = Date.parse(GONE);
  const PROTECTED = { "karpenter.sh/do-not-disrupt": "true" };
  const ending = { isGone: true, isEvicted: true } as const;
  const repairs = (replaceFirst = false) => new Map([[POOL, { toleratedMs: 10_000, mostSick: 1, replaceFirst }]]);
  const at = (moment: number, change: Change): Change => ({ ...change, at: moment });

  interface ClaimShape {
    readonly expireAfter?: string;
    readonly terminationGracePeriod?: string;
    /** Seconds before it was given up. */
    readonly age?: number;
    readonly conditions?: readonly object[];
  }

  function claim(nodeName: string, { age = 30, conditions = [], ...spec }: ClaimShape = {}, isGone = true): KubeObject {
    const { metadata } = leavingClaim(nodeName, "", isGone);
    const creationTimestamp = new Date(NOW - age * 1000).toISOString();
    const started = [{ type: "Initialized", status: "True" }, ...conditions];
    return {
      metadata: { ...metadata, creationTimestamp },
      spec,
      status: { nodeName, conditions: started },
    } as KubeObject;
  }

  function sick(name: string, lastTransitionTime?: string): KubeObject {
    const well = node(name) as KubeObject & { readonly status: object };
    const ready = { type: "Ready", status: "False", ...(lastTransitionTime && { lastTransitionTime }) };
    return { ...well, status: { ...well.status, conditions: [ready] } } as KubeObject;
  }

  it("D-145: a claim goes at its age, in the API server's time, also when its pods have no room; before its age nothing explains it", () => {
    const terms = { ...NO_TERMS, timeScale: 20 };
    const run = (age: number): Replay =>
      judged(
        [
          set("Node", node("a")),
          set("Pod", pod("one", "a")),
          set("NodeClaim", claim("a", { expireAfter: "10m", age })),
        ],
        1,
        { terms },
      );
    expect([rules(run(30)), [...run(30).removed]]).toEqual([[], [["Expired", 1]]]);
    expect([rules(run(20)), run(20).removed.size]).toEqual([["unexplained"], 0]);
  });

  it("DX-29: what is replaced before it expires needs room for its pods, and does not at its age", () => {
    const conditions = [
      { type: "DisruptionReason", status: "True", reason: "Drifted" },
      { type: "Drifted", status: "True", reason: "Expiring" },
    ];
    const run = (age: number): Replay => {
      const gone = claim("a", { expireAfter: "60s", age, conditions });
      return judged([set("Node", node("a", true)), set("Pod", pod("one", "a")), set("NodeClaim", gone)], 1);
    };
    expect([rules(run(30)), [...run(30).removed]]).toEqual([["capacity"], [["Expiring", 1]]]);
    expect([rules(run(60)), [...run(60).removed]]).toEqual([[], [["Expired", 1]]]);
  });

  it("D-153, D-155: a node is repaired when it has been sick for long enough, and not before or when it is well again", () => {
    const terms = { ...NO_TERMS, repairs: repairs() };
    const run = (sickFor: number, wellFor = 0): Replay =>
      judged(
        [
          at(NOW - wellFor - sickFor, set("Node", sick("a"))),
          ...(wellFor > 0 ? [at(NOW - wellFor, set("Node", node("a")))] : []),
          at(NOW, set("NodeClaim", claim("a"))),
        ],
        1,
        { terms },
      );
    expect([rules(run(11_000)), [...run(11_000).removed]]).toEqual([[], [["Unhealthy", 1]]]);
    expect([rules(run(5000)), rules(run(11_000, 5000))]).toEqual([["unexplained"], ["unexplained"]]);
  });

  it("D-153: how long a node was sick counts from its condition, however late anybody heard of it", () => {
    const run = (sickFor: number): Replay => {
      const since = new Date(NOW - sickFor).toISOString();
      const changes = [at(NOW - 1000, set("Node", sick("a", since))), at(NOW + 5000, set("NodeClaim", claim("a")))];
      return judged(changes, 1, { terms: { ...NO_TERMS, repairs: repairs() } });
    };
    expect([rules(run(11_000)), [...run(11_000).removed]]).toEqual([[], [["Unhealthy", 1]]]);
    expect(rules(run(5000))).toEqual(["unexplained"]);
  });

  it("DX-30: with replaceFirst the pods of a sick node have room on nodes that work, before it goes", () => {
    const terms = { ...NO_TERMS, repairs: repairs(true) };
    const run = (other: KubeObject): Replay =>
      judged(
        [
          at(NOW - 11_000, set("Node", sick("a"))),
          at(NOW - 1000, set("Node", other)),
          set("Pod", pod("one", "a")),
          at(NOW, set("NodeClaim", claim("a"))),
        ],
        1,
        { terms },
      );
    expect([rules(run(node("b"))), rules(run(sick("b")))]).toEqual([[], ["capacity"]]);
  });

  it("D-154: none is repaired while more nodes of its NodePool are sick than may be", () => {
    const terms = { ...NO_TERMS, repairs: repairs() };
    const run = (others: number): Replay =>
      judged(
        [
          ...["a", "b", "c"].slice(0, others + 1).map((name) => at(NOW - 11_000, set("Node", sick(name)))),
          at(NOW, set("NodeClaim", claim("a"))),
        ],
        0,
        { terms },
      );
    expect([rules(run(0)), rules(run(1))]).toEqual([[], ["threshold"]]);
  });

  it("E-41: a protected pod on a node that expired or was deleted by hand is ended at the deadline, and not before", () => {
    const run = (terminationGracePeriod: string | undefined, after: number): Replay => {
      const gone = claim("a", terminationGracePeriod === undefined ? {} : { terminationGracePeriod });
      const changes = [
        set("Node", node("a")),
        set("Pod", pod("one", "a", { annotations: PROTECTED })),
        at(NOW, set("NodeClaim", gone)),
        at(NOW + after, set("Pod", pod("one", "a", { annotations: PROTECTED, ...ending }))),
      ];
      return judged(changes, 0, { terms: { ...NO_TERMS, timeScale: 20, byHand: new Set(["claim-a"]) } });
    };
    expect([rules(run("400s", 20_000)), run("400s", 20_000).endedAtDeadline]).toEqual([[], 1]);
    expect([rules(run("400s", 10_000)), run("400s", 10_000).endedAtDeadline]).toEqual([["protected"], 0]);
    expect(rules(run(undefined, 60_000))).toEqual(["protected"]);
  });

  it("D-156: what is repaired by force ends its protected pods at once", () => {
    const changes = [
      at(NOW - 11_000, set("Node", sick("a"))),
      set("Pod", pod("one", "a", { annotations: PROTECTED })),
      at(NOW, set("NodeClaim", claim("a"))),
      at(NOW + 100, set("Pod", pod("one", "a", { annotations: PROTECTED, ...ending }))),
    ];
    const seen = judged(changes, 0, { terms: { ...NO_TERMS, repairs: repairs() }, byController: ["one"] });
    expect([rules(seen), seen.endedAtDeadline]).toEqual([[], 1]);
  });

  it("D-169: a pod is deleted past its PodDisruptionBudget when the time of its node is up, and not before", () => {
    const run = (after: number, byController: readonly string[]): Replay =>
      judged(
        [
          set("Node", node("a")),
          set("Pod", pod("one", "a")),
          at(NOW, set("NodeClaim", claim("a", { terminationGracePeriod: "20s" }))),
          at(NOW + after, set("Pod", pod("one", "a", { isGone: true }))),
        ],
        0,
        { terms: { ...NO_TERMS, byHand: new Set(["a"]) }, byController },
      );
    expect([rules(run(20_000, ["one"])), rules(run(10_000, [])), rules(run(10_000, ["one"]))]).toEqual([
      [],
      [],
      ["forced"],
    ]);
  });

  it("nothing is kept for the pods of a node that expired, and again for those of others as soon as all have a place", () => {
    const terms = { ...NO_TERMS, byHand: new Set<string>() };
    const empty = leavingClaim("b", "Empty");
    const gone = [set("NodeClaim", claim("a", { expireAfter: "30s" })), set("Pod", pod("one", "a", { isGone: true }))];
    const before = [set("Node", node("a")), set("Node", node("b", true)), set("Pod", pod("one", "a")), ...gone];
    expect(rules(judged([...before, set("NodeClaim", empty)], 1, { terms }))).toEqual([]);
    const whole = [set("Node", node("c", true)), set("Pod", pod("two", undefined)), set("Pod", pod("two", "c"))];
    const next = [...before, ...whole, set("NodeClaim", leavingClaim("c"))];
    expect(rules(judged(next, 1, { terms }))).toEqual(["capacity"]);
  });

  it("D-168: a pod that was there when its node was marked is not lost with the machine; one that slipped in may be", () => {
    const lost = { type: "DisruptionTarget", status: "True", reason: "DeletionByPodGC" };
    const gone = {
      ...pod("one", "a", { isGone: true }),
      status: { phase: "Failed", conditions: [lost] },
    } as KubeObject;
    const terms = { ...NO_TERMS, byHand: new Set(["a"]) };
    const marked = [at(NOW, set("NodeClaim", claim("a"))), at(NOW, set("Node", node("a", true)))];
    const there = set("Pod", pod("one", "a"));
    const late = { ...there, at: NOW + 100 };
    expect(rules(judged([set("Node", node("a")), there, ...marked, set("Pod", gone)], 0, { terms }))).toEqual([
      "forced",
    ]);
    expect(rules(judged([set("Node", node("a")), ...marked, late, set("Pod", gone)], 0, { terms }))).toEqual([]);
  });

  it("a node that goes at once is marked afterwards: the scheduler has two seconds to see it, no more", () => {
    const run = (after: number): Replay =>
      judged(
        [
          set("Node", node("a")),
          at(NOW, set("NodeClaim", claim("a"))),
          at(NOW, set("Node", node("a", true))),
          at(NOW + after, set("Pod", pod("one", "a"))),
        ],
        0,
        { terms: { ...NO_TERMS, byHand: new Set(["a"]) } },
      );
    expect([rules(run(9000)), rules(run(11_000))]).toEqual([[], ["late"]]);
  });

  it("a claim whose node never worked is no departure", () => {
    const conditions = [{ type: "Initialized", status: "Unknown" }];
    const object = { ...claim("a"), status: { nodeName: "a", conditions } } as KubeObject;
    const seen = judged([set("NodeClaim", object)], 0);
    expect([rules(seen), seen.removed.size]).toEqual([[], 0]);
  });
});
