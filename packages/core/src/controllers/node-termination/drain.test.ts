// Scenarios of docs/reference/upstream-parity.md: E-44.

import { describe, expect, it } from "vitest";
import { DISRUPTED_TAINT, type Pod } from "../../api/index.ts";
import { aDaemonSetPod, aPod, type PodOptions } from "../../testing/builders/index.ts";
import { isDeleteEligible } from "./delete-eligible.ts";
import { nextDrainStep } from "./drain.ts";

const NOW = Date.UTC(2026, 0, 1);
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();
const inSeconds = (seconds: number): number => NOW + seconds * 1000;
const names = (pods: readonly Pod[]): readonly string[] => pods.map(({ metadata }) => metadata.name ?? "");
const CRITICAL = { priorityClassName: "system-cluster-critical" };

function bound(name: string, over: PodOptions = {}): Pod {
  return aPod({ name, nodeName: "n1", ...over });
}

describe("nextDrainStep", () => {
  const plain = bound("plain");
  const daemon = aDaemonSetPod({ name: "daemon", nodeName: "n1" });
  const critical = bound("critical", { spec: CRITICAL });
  const criticalDaemon = aDaemonSetPod({
    name: "critical-daemon",
    nodeName: "n1",
    spec: { priorityClassName: "system-node-critical" },
  });

  it("DT-116, D-167: four tiers, one after the other", () => {
    const all = [criticalDaemon, critical, daemon, plain];
    expect(names(nextDrainStep(all, Infinity, NOW).waiting)).toHaveLength(4);
    expect(names(nextDrainStep(all, Infinity, NOW).next)).toEqual(["plain"]);
    expect(names(nextDrainStep(all.slice(0, 3), Infinity, NOW).next)).toEqual(["daemon"]);
    expect(names(nextDrainStep(all.slice(0, 2), Infinity, NOW).next)).toEqual(["critical"]);
    expect(names(nextDrainStep(all.slice(0, 1), Infinity, NOW).next)).toEqual(["critical-daemon"]);
  });

  it("D-167: a pod that was evicted and still ends holds its tier", () => {
    const ending = bound("ending", { deletionTimestamp: at(20) });
    expect(names(nextDrainStep([ending, daemon], Infinity, NOW).next)).toEqual(["ending"]);
  });

  it("DT-119, DT-120, D-170: not waited for: what tolerates the taint, mirrors, finished pods, and pods stuck a minute past their end", () => {
    const pods = [
      bound("tolerant", { tolerations: [{ key: DISRUPTED_TAINT.key, operator: "Exists" }] }),
      bound("mirror", { owner: { apiVersion: "v1", kind: "Node" } }),
      bound("done", { status: { phase: "Succeeded" } }),
      bound("stuck", { deletionTimestamp: at(-61) }),
    ];
    expect(nextDrainStep(pods, Infinity, NOW)).toEqual({ waiting: [], next: [] });
    expect(names(nextDrainStep([bound("slow", { deletionTimestamp: at(-59) })], Infinity, NOW).waiting)).toEqual([
      "slow",
    ]);
  });

  it("DT-116: both critical classes are one tier", () => {
    const system = bound("system", { spec: { priorityClassName: "system-node-critical" } });
    expect(names(nextDrainStep([critical, system], Infinity, NOW).next)).toEqual(["critical", "system"]);
  });

  it("DT-119: a pod without an owner is evicted", () => {
    expect(names(nextDrainStep([bound("alone")], Infinity, NOW).next)).toEqual(["alone"]);
  });

  it("DT-124: a critical pod that needs longer than is left goes at once, although the first tier is not done", () => {
    const short = bound("short", { spec: { terminationGracePeriodSeconds: 30 } });
    const long = bound("long", {
      spec: { priorityClassName: "system-node-critical", terminationGracePeriodSeconds: 600 },
    });
    expect(names(nextDrainStep([short, long], inSeconds(290), NOW).next)).toEqual(["long", "short"]);
    expect(isDeleteEligible(long, inSeconds(290), NOW)).toBe(true);
    expect(isDeleteEligible(short, inSeconds(290), NOW)).toBe(false);
  });

  it("D-166: pods whose time is up go at once, whatever their tier", () => {
    const late = bound("late", { spec: { ...CRITICAL, terminationGracePeriodSeconds: 60 } });
    const early = bound("early", { spec: { terminationGracePeriodSeconds: 10 } });
    expect(names(nextDrainStep([late, early, daemon], inSeconds(30), NOW).next)).toEqual(["late", "early"]);
  });
});

describe("isDeleteEligible", () => {
  const pod = bound("web", { spec: { terminationGracePeriodSeconds: 30 } });

  it("D-169: never without a deadline", () => {
    expect(isDeleteEligible(pod, Infinity, NOW)).toBe(false);
  });

  it("D-169: when less is left than the pod's own grace", () => {
    expect(isDeleteEligible(pod, inSeconds(30), NOW)).toBe(false);
    expect(isDeleteEligible(pod, inSeconds(29), NOW)).toBe(true);
  });

  it("D-169: a pod without a grace of its own is never forced, an ending one only when it ends too late", () => {
    expect(isDeleteEligible(bound("web"), inSeconds(-100), NOW)).toBe(false);
    expect(isDeleteEligible(bound("web", { deletionTimestamp: at(31) }), inSeconds(30), NOW)).toBe(true);
    expect(isDeleteEligible(bound("web", { deletionTimestamp: at(30) }), inSeconds(30), NOW)).toBe(false);
  });
});
