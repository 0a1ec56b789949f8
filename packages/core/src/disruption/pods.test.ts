// Scenarios of docs/reference/upstream-parity.md: E-28.

import { describe, expect, it } from "vitest";
import { Annotation, DISRUPTED_TAINT } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { aPdb, aPod, UNSCHEDULABLE } from "../testing/builders/index.ts";
import type { PodOptions } from "../testing/builders/index.ts";
import { isCurrentlyReschedulable } from "./currently-reschedulable.ts";
import { indexPdbs } from "./pdbs.ts";
import {
  isActive,
  isDisruptable,
  isDrainable,
  isEvictable,
  isProtected,
  isProvisionable,
  isReschedulable,
  isStuckTerminating,
  isTerminal,
  isWaitingEviction,
  protectionOf,
  toleratesDisrupted,
} from "./pods.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const MINUTE = 60_000;

const running = (options: PodOptions = {}): Pod => aPod({ nodeName: "n1", ...options });
const owned = (apiVersion: string, kind: string, more: PodOptions = {}): Pod =>
  running({ owner: { apiVersion, kind }, ...more });
const terminating = { deletionTimestamp: ago(0) };

function annotated(value: string, startTime?: string): Pod {
  const status = { phase: "Running" as const, ...(startTime && { startTime }) };
  return running({ annotations: { [Annotation.DoNotDisrupt]: value }, status });
}

describe("active, terminal, terminating", () => {
  it.each([
    ["Running", true],
    ["Pending", true],
    ["Unknown", true],
    ["Succeeded", false],
    ["Failed", false],
  ] as const)("a pod in phase %s is active: %s", (phase, active) => {
    const pod = running({ status: { phase } });
    expect([isActive(pod), isTerminal(pod)]).toEqual([active, !active]);
  });

  it("a terminating pod is not active", () => {
    expect(isActive(running(terminating))).toBe(false);
  });
});

describe("protection", () => {
  it("D-2: true protects without end", () => {
    expect(protectionOf(annotated("true", ago(1e9)), NOW)).toEqual({ active: true });
  });

  it.each([
    [9 * MINUTE + 59_000, true],
    [10 * MINUTE, false],
  ])("D-2, DT-4: 10m after %d ms of running: %s", (age, expected) => {
    expect(isProtected(annotated("10m", ago(age)), NOW)).toBe(expected);
  });

  it("D-2: the end of a protection in time is known", () => {
    expect(protectionOf(annotated("10m", ago(MINUTE)), NOW)).toEqual({ active: true, until: NOW + 9 * MINUTE });
  });

  it("DT-4: a pod that has not started is protected", () => {
    expect(protectionOf(annotated("10m"), NOW)).toEqual({ active: true });
  });

  it.each(["abc", "0s", "-5m", "false", "10", ""])(
    "D-2, DT-5: %j does not protect and is reported as unreadable",
    (text) => {
      expect(protectionOf(annotated(text, ago(1000)), NOW)).toEqual({ active: false, invalid: text });
    },
  );
});

describe("reschedulable", () => {
  it.each([
    ["an ordinary pod", running(), true],
    ["a pod of a ReplicaSet", owned("apps/v1", "ReplicaSet"), true],
    ["a pod of a DaemonSet", owned("apps/v1", "DaemonSet"), false],
    ["a mirror pod", owned("v1", "Node"), false],
    ["a pod of something else called DaemonSet", owned("example.com/v1", "DaemonSet"), true],
    ["a terminating pod", running(terminating), false],
    ["a terminating pod of a StatefulSet", owned("apps/v1", "StatefulSet", terminating), true],
    ["a terminal pod", running({ status: { phase: "Succeeded" } }), false],
    ["a terminal pod of a StatefulSet", owned("apps/v1", "StatefulSet", { status: { phase: "Failed" } }), false],
    ["a terminating pod of another StatefulSet", owned("example.com/v1", "StatefulSet", terminating), false],
    ["a terminating pod of a Deployment", owned("apps/v1", "Deployment", terminating), false],
    ["a pod of something else called Node", owned("example.com/v1", "Node"), true],
    ["a pod of a ReplicationController", owned("v1", "ReplicationController"), true],
  ])("T-106: %s: %#", (_, pod, expected) => {
    expect(isReschedulable(pod)).toBe(expected);
  });

  it("S-203: a protected pod is not given a new place", () => {
    expect(isCurrentlyReschedulable(annotated("true"), NOW)).toBe(false);
    expect(isCurrentlyReschedulable(running(), NOW)).toBe(true);
    expect(isCurrentlyReschedulable(owned("apps/v1", "DaemonSet"), NOW)).toBe(false);
  });

  it("D-3: a pod that ends protects nothing any more, itself included", () => {
    const kept = { annotations: { [Annotation.DoNotDisrupt]: "true" } };
    expect(isDisruptable(running(kept), NOW)).toBe(false);
    expect(isDisruptable(running({ ...kept, ...terminating }), NOW)).toBe(true);
    expect(isDisruptable(running({ ...kept, status: { phase: "Failed" } }), NOW)).toBe(true);
    expect(isCurrentlyReschedulable(owned("apps/v1", "StatefulSet", { ...kept, ...terminating }), NOW)).toBe(true);
  });

  it("S-204: nor is one that no budget will ever let go", () => {
    const blocking = indexPdbs([aPdb({ spec: { maxUnavailable: 0 } })]);
    const patient = indexPdbs([aPdb({ spec: { maxUnavailable: 1 }, disruptionsAllowed: 0 })]);
    expect(isCurrentlyReschedulable(running(), NOW, blocking)).toBe(false);
    expect(isCurrentlyReschedulable(running(), NOW, patient)).toBe(true);
  });
});

describe("eviction and drain", () => {
  const { key } = DISRUPTED_TAINT;

  it.each([
    [{ operator: "Exists" }, true],
    [{ key, operator: "Exists" }, true],
    [{ key, operator: "Equal", value: "" }, true],
    [{ key }, true],
    [{ key, effect: "NoSchedule" }, true],
    [{ key, effect: "NoExecute" }, false],
    [{ key, value: "x" }, false],
    [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }, false],
  ] as const)("DT-115: toleration %j covers the disrupted taint: %s", (toleration, expected) => {
    expect(toleratesDisrupted(running({ tolerations: [toleration] }))).toBe(expected);
  });

  it.each([
    ["an ordinary pod", running(), true, true],
    ["a DaemonSet pod", owned("apps/v1", "DaemonSet"), true, true],
    ["a protected pod", annotated("true"), false, true],
    ["a mirror pod", owned("v1", "Node"), false, false],
    ["a pod that tolerates the taint", running({ tolerations: [{ operator: "Exists" }] }), false, false],
    ["a terminating pod", running(terminating), false, true],
    ["a terminal pod", running({ status: { phase: "Failed" } }), false, false],
  ])("D-165, DT-119: %s: evicted %s, waited for %s", (_, pod, evicted, waited) => {
    expect([isEvictable(pod, NOW), isWaitingEviction(pod, NOW)]).toEqual([evicted, waited]);
  });

  it.each([
    [59_000, false],
    [60_000, false],
    [60_001, true],
  ])("D-170, DT-120: %d ms past its end a terminating pod is stuck: %s", (past, stuck) => {
    const pod = running({ deletionTimestamp: ago(past) });
    expect([isStuckTerminating(pod, NOW), isDrainable(pod, NOW)]).toEqual([stuck, !stuck]);
  });
});

describe("provisionable", () => {
  it.each([
    ["a pod the scheduler gave up on", aPod(), true],
    ["a bound pod", aPod({ nodeName: "n1", status: UNSCHEDULABLE }), false],
    [
      "a gated pod",
      aPod({ status: { conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] } }),
      false,
    ],
    [
      "a pod with another condition of that reason",
      aPod({ status: { conditions: [{ type: "Ready", status: "False", reason: "Unschedulable" }] } }),
      false,
    ],
    ["a pod nobody has looked at", aPod({ status: { phase: "Pending" } }), false],
    ["a nominated pod", aPod({ status: { ...UNSCHEDULABLE, nominatedNodeName: "n1" } }), false],
    ["a pod of a DaemonSet", aPod({ owner: { apiVersion: "apps/v1", kind: "DaemonSet" } }), false],
    ["a mirror pod", aPod({ owner: { apiVersion: "v1", kind: "Node" } }), false],
    ["a terminating pod", aPod(terminating), false],
    ["a terminal pod", aPod({ status: { ...UNSCHEDULABLE, phase: "Failed" } }), false],
  ])("S-201, S-202: %s: %#", (_, pod, expected) => {
    expect(isProvisionable(pod)).toBe(expected);
  });

  it("S-202: a nomination that leads nowhere is overlooked", () => {
    const pod = aPod({ status: { ...UNSCHEDULABLE, nominatedNodeName: "gone" } });
    expect(isProvisionable(pod, () => true)).toBe(true);
  });
});
