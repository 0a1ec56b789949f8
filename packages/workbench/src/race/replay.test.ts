import type { KubeObject } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";
import type { Change } from "./history.ts";
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
    ...rest
  }: {
    readonly ours?: readonly string[];
    readonly bound?: Readonly<Record<string, number>>;
    readonly poolsLeft?: number;
  } = {},
): Replay {
  const fixed = new Map([[POOL, { pods, milliCpu: 1000 }]]);
  const looks = { lookBefore: () => LOOK, boundAt: (name: string) => bound[name] ?? 0 };
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
