import type { KubeObject } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";
import type { Change } from "./history.ts";
import { FIXED, FORCED, LATE, replay, type Replay } from "./replay.ts";

const POOL = "pack";
const TAINT = { key: "karpenter.sh/disrupted", effect: "NoSchedule" };
const GONE = "2026-01-31T08:00:00Z";

let version = 0;
const set = (resource: Change["resource"], object: KubeObject, at = 0): Change => ({
  version: ++version,
  at,
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

function judged(changes: readonly Change[], pods: number, deletedByUs: readonly string[] = []): Replay {
  const fixed = new Map([[POOL, { pods, milliCpu: 1000 }]]);
  return replay({ changes, fixed, deletedByUs: new Set(deletedByUs) });
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

  it("what passing pods took while it was planned or after it is counted, not held against the product", () => {
    const run = (at: number): Replay =>
      judged(
        [
          set("Pod", pod("one", "a"), 0),
          set("Pod", pod("two", "b"), 0),
          set("Node", node("b"), 0),
          set("Pod", pod("passing", "b", { labels: { [LATE]: "yes" } }), at),
          set("Node", node("a", true), 30_000),
          set("NodeClaim", leavingClaim("a"), 32_000),
        ],
        2,
      );
    expect([rules(run(31_000)), run(31_000).roomTaken]).toEqual([[], 1]);
    expect([rules(run(25_000)), run(25_000).roomTaken]).toEqual([[], 1]);
    expect([rules(run(5_000)), run(5_000).roomTaken]).toEqual([["capacity"], 0]);
  });

  it("an empty node is empty also of a pod that was bound while it was being marked", () => {
    const forced = pod("forced", "a", { labels: { [LATE]: "yes", [FORCED]: "yes" } });
    const run = (boundAt: number): Replay =>
      judged(
        [set("Node", node("a", true), 0), set("Pod", forced, boundAt), set("NodeClaim", leavingClaim("a", "Empty"))],
        0,
      );
    expect([rules(run(900)), run(900).boundWhileMarked]).toEqual([["empty"], 1]);
    expect(rules(run(2_500))).toEqual([]);
  });

  it("a protected pod is ended by nobody but the race, and no pod is evicted from a node that stays", () => {
    const annotations = { "karpenter.sh/do-not-disrupt": "true" };
    const before = [set("Node", node("a")), set("Pod", pod("one", "a", { annotations }))];
    const ended = set("Pod", pod("one", "a", { annotations, isGone: true, isEvicted: true }));
    const seen = judged([...before, ended], 0);
    expect([rules(seen), seen.evicted]).toEqual([["protected", "evicted"], 1]);
    const ours = set("Pod", pod("one", "a", { annotations, isGone: true }));
    expect(rules(judged([...before, ours], 0, ["one"]))).toEqual([]);
  });

  it("a pod bound to a node that has been given up came too late", () => {
    const changes = [set("Node", node("a", true)), set("NodeClaim", leavingClaim("a")), set("Pod", pod("one", "a"))];
    expect(rules(judged(changes, 0))).toEqual(["late"]);
  });
});
