import { describe, expect, it } from "vitest";
import { Annotation, type Pod } from "../api/index.ts";
import {
  aDaemonSetPod,
  aNodeClaim,
  aPod,
  pods as severalPods,
  type NodeClaimOptions,
} from "../testing/builders/index.ts";
import { staticRemovalOrder } from "./static-order.ts";

const NOW = Date.UTC(2026, 0, 2);
const PROTECTED = { [Annotation.DoNotDisrupt]: "true" };

interface MachineOptions extends NodeClaimOptions {
  readonly pods?: readonly Pod[];
  readonly unlaunched?: boolean;
}

function machine(name: string, { pods = [], unlaunched = false, ...claim }: MachineOptions = {}) {
  const providerID = unlaunched ? "" : `test:///${name}`;
  return { name, providerID, nodeClaim: aNodeClaim({ name, ...claim }), pods };
}

function order(...machines: readonly ReturnType<typeof machine>[]): readonly string[] {
  const names = staticRemovalOrder(machines, NOW).map(({ name }) => name);
  const backwards = staticRemovalOrder(machines.toReversed(), NOW).map(({ name }) => name);
  expect(backwards).toEqual(names);
  return names;
}

describe("ST-3, D-132: which machines of a static pool go first", () => {
  it("TC-54, E-67: unlaunched, DaemonSets only, cheap, dear, do-not-disrupt", () => {
    const cheap = machine("cheap", { pods: [aPod({ nodeName: "cheap" })] });
    const dear = machine("dear", { pods: severalPods(3, { nodeName: "dear" }) });
    const kept = machine("kept", { pods: [aPod({ nodeName: "kept", annotations: PROTECTED })] });
    const daemons = machine("daemons", { pods: [aDaemonSetPod({ nodeName: "daemons" })] });
    const ordered = machine("ordered", { unlaunched: true });
    expect(order(kept, dear, cheap, daemons, ordered)).toEqual(["ordered", "daemons", "cheap", "dear", "kept"]);
  });

  it("a protected DaemonSet pod keeps its machine as long as any other does", () => {
    const guarded = machine("guarded", { pods: [aDaemonSetPod({ nodeName: "guarded", annotations: PROTECTED })] });
    const busy = machine("busy", { pods: severalPods(9, { nodeName: "busy" }) });
    expect(order(guarded, busy)).toEqual(["busy", "guarded"]);
  });

  it("D-2: a protection that has run out protects no longer", () => {
    const over = aPod({
      nodeName: "over",
      annotations: { [Annotation.DoNotDisrupt]: "1h" },
      status: { phase: "Running", startTime: "2026-01-01T00:00:00Z" },
    });
    const busy = machine("busy", { pods: severalPods(2, { nodeName: "busy" }) });
    expect(order(machine("over", { pods: [over] }), busy)).toEqual(["over", "busy"]);
  });

  it("a mirror pod ends with its node and does not keep it", () => {
    const mirror = aPod({ name: "proxy", nodeName: "idle", owner: { apiVersion: "v1", kind: "Node" } });
    const idle = machine("idle", { pods: [mirror] });
    const busy = machine("busy", { pods: [aPod({ nodeName: "busy", priority: -2_000_000_000 })] });
    expect(order(busy, idle)).toEqual(["idle", "busy"]);
  });

  it("D-29: what has little of its life left is cheap, whatever runs there", () => {
    const old = machine("old", {
      pods: severalPods(3, { nodeName: "old" }),
      creationTimestamp: "2025-12-03T00:00:00Z",
      spec: { expireAfter: "768h" },
    });
    const young = machine("young", {
      pods: severalPods(2, { nodeName: "young" }),
      creationTimestamp: "2026-01-02T00:00:00Z",
    });
    expect(order(young, old)).toEqual(["old", "young"]);
  });

  it("D-29: a machine that never expires keeps its whole cost, one past its end has none", () => {
    const never = machine("never", {
      pods: [aPod({ nodeName: "never" })],
      creationTimestamp: "2020-01-01T00:00:00Z",
      spec: { expireAfter: "Never" },
    });
    const past = machine("past", {
      pods: severalPods(50, { nodeName: "past" }),
      creationTimestamp: "2020-01-01T00:00:00Z",
      spec: { expireAfter: "720h" },
    });
    const unreadable = machine("unreadable", {
      pods: severalPods(2, { nodeName: "unreadable" }),
      creationTimestamp: "2020-01-01T00:00:00Z",
      spec: { expireAfter: "soon" },
    });
    expect(order(never, past, unreadable)).toEqual(["past", "never", "unreadable"]);
  });

  it("one pod that moves, or one that should not, is enough among pods of DaemonSets", () => {
    const daemon = aDaemonSetPod({ nodeName: "x" });
    const mixed = machine("a-mixed", { pods: [daemon, aPod({ nodeName: "x" })] });
    const idle = machine("idle", { pods: [daemon] });
    expect(order(mixed, idle)).toEqual(["idle", "a-mixed"]);
    const kept = machine("a-kept", { pods: [aPod({ nodeName: "x" }), aPod({ name: "k", annotations: PROTECTED })] });
    const busy = machine("busy", { pods: severalPods(5, { nodeName: "busy" }) });
    expect(order(kept, busy)).toEqual(["busy", "a-kept"]);
  });

  it("of equals with pods, and of those the cloud has no machine for, the youngest goes first as well", () => {
    const since = (day: number): string => `2026-01-01T0${day}:00:00Z`;
    const never = { spec: { expireAfter: "Never" } };
    const busy = (name: string, day: number) =>
      machine(name, { pods: [aPod({ nodeName: "x" })], creationTimestamp: since(day), ...never });
    expect(order(busy("a", 1), busy("b", 2))).toEqual(["b", "a"]);
    const ordered = (name: string, day: number) => machine(name, { unlaunched: true, creationTimestamp: since(day) });
    expect(order(ordered("a", 1), ordered("b", 2))).toEqual(["b", "a"]);
  });

  it("D-29: without an end a machine weighs as much as a new one, and with an end at once nothing", () => {
    const pods = [aPod({ nodeName: "x" })];
    const fresh = machine("fresh", { pods, creationTimestamp: "2026-01-02T00:00:00Z", spec: { expireAfter: "720h" } });
    const endless = machine("endless", {
      pods,
      creationTimestamp: "2026-01-01T00:00:00Z",
      spec: { expireAfter: "Never" },
    });
    expect(order(fresh, endless)).toEqual(["fresh", "endless"]);
    const atOnce = machine("at-once", {
      pods: severalPods(3),
      creationTimestamp: "2020-01-01T00:00:00Z",
      spec: { expireAfter: "0s" },
    });
    expect(order(endless, fresh, atOnce)).toEqual(["at-once", "fresh", "endless"]);
  });

  it("D-29: a machine with an end at once weighs nothing from the moment it was made", () => {
    const made = { pods: [aPod({ nodeName: "x" })], creationTimestamp: "2026-01-02T00:00:00Z" };
    const fresh = machine("a-fresh", { ...made, spec: { expireAfter: "720h" } });
    const atOnce = machine("b-at-once", { ...made, spec: { expireAfter: "0s" } });
    expect(order(fresh, atOnce)).toEqual(["b-at-once", "a-fresh"]);
  });

  it("of equals the youngest goes first, then by name", () => {
    const since = (creationTimestamp: string): MachineOptions => ({ creationTimestamp });
    expect(
      order(
        machine("b", since("2026-01-01T00:00:00Z")),
        machine("a", since("2026-01-01T00:00:00Z")),
        machine("new", since("2026-01-01T10:00:00Z")),
      ),
    ).toEqual(["new", "a", "b"]);
  });
});
