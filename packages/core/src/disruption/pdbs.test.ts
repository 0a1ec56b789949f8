import { describe, expect, it } from "vitest";
import type { Pod, PodDisruptionBudget } from "../api/index.ts";
import { aPdb, aPod } from "../testing/builders/index.ts";
import type { PodOptions } from "../testing/builders/index.ts";
import { evictionBlock, indexPdbs, isFullyBlocked } from "./pdbs.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const pod = (options: PodOptions = {}): Pod => aPod({ nodeName: "n1", labels: { app: "web" }, ...options });
const ready = (status: "True" | "False") => ({
  status: { phase: "Running" as const, conditions: [{ type: "Ready", status }] },
});

function codeOf(which: Pod, ...pdbs: readonly PodDisruptionBudget[]) {
  return evictionBlock(which, indexPdbs(pdbs), NOW)?.code;
}

const none = { disruptionsAllowed: 0 };

describe("D-5: budgets now", () => {
  it("DT-8: a budget at 0 blocks ordinary and DaemonSet pods", () => {
    expect(codeOf(pod(), aPdb(none))).toBe("PdbBlocked");
    expect(codeOf(pod({ owner: { apiVersion: "apps/v1", kind: "DaemonSet" } }), aPdb(none))).toBe("PdbBlocked");
    expect(codeOf(pod(), aPdb({ disruptionsAllowed: 1 }))).toBeUndefined();
  });

  it.each([
    ["a mirror pod", { owner: { apiVersion: "v1", kind: "Node" } }],
    ["a terminal pod", { status: { phase: "Succeeded" } }],
    ["a terminating pod", { deletionTimestamp: "2026-01-01T00:00:00Z" }],
    ["a pod that tolerates the disrupted taint", { tolerations: [{ operator: "Exists" }] }],
  ] as const)("DT-8: %s is not blocked by any budget", (_, options) => {
    expect(codeOf(pod(options), aPdb(none))).toBeUndefined();
  });

  it("DT-7: two budgets on one pod block, whatever they allow", () => {
    const block = evictionBlock(pod(), indexPdbs([aPdb({ name: "b" }), aPdb({ name: "a" })]), NOW);
    expect(block).toEqual({ code: "PdbMultiple", pdbs: ["a", "b"] });
  });

  it("DT-9: budgets of other namespaces and other pods do not matter", () => {
    expect(codeOf(pod(), aPdb({ ...none, namespace: "other" }))).toBeUndefined();
    expect(codeOf(pod(), aPdb({ ...none, selector: { matchLabels: { app: "db" } } }))).toBeUndefined();
    expect(codeOf(pod(), aPdb({ ...none, selector: null }))).toBeUndefined();
  });

  it("DT-9: AlwaysAllow lets only pods go that say they are not ready", () => {
    const always = aPdb({ ...none, spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } });
    expect(codeOf(pod(ready("False")), always)).toBeUndefined();
    expect(codeOf(pod(ready("True")), always)).toBe("PdbBlocked");
    expect(codeOf(pod({ status: { phase: "Running" } }), always)).toBe("PdbBlocked");
    const other = { phase: "Running" as const, conditions: [{ type: "ContainersReady", status: "False" as const }] };
    expect(codeOf(pod({ status: other }), always)).toBe("PdbBlocked");
  });

  it("AlwaysAllow does not help against two budgets", () => {
    const always = { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" as const } };
    expect(codeOf(pod(ready("False")), aPdb({ name: "a", ...always }), aPdb({ name: "b", ...always }))).toBe(
      "PdbMultiple",
    );
  });

  it("a budget without status allows nothing", () => {
    const { status: _, ...fresh } = aPdb();
    expect(codeOf(pod(), fresh)).toBe("PdbBlocked");
  });
});

describe("D-6: budgets for ever", () => {
  it.each([
    [{ maxUnavailable: 0 }, true],
    [{ maxUnavailable: "0%" }, true],
    [{ maxUnavailable: 1 }, false],
    [{ minAvailable: "100%" }, true],
    [{ minAvailable: 100 }, false],
    [{ minAvailable: "99%" }, false],
  ])("%j blocks for ever: %s", (spec, expected) => {
    expect(isFullyBlocked(pod(), indexPdbs([aPdb({ spec })]), NOW)).toBe(expected);
  });

  it("D-6: no budget holds a pod that is not evicted at all, or one that is unhealthy and may always go", () => {
    const index = indexPdbs([aPdb({ spec: { maxUnavailable: 0 } })]);
    const mirror = { owner: { apiVersion: "v1", kind: "Node" } };
    expect(isFullyBlocked(pod(mirror), index, NOW)).toBe(false);
    expect(isFullyBlocked(pod({ deletionTimestamp: "2026-01-01T00:00:00Z" }), index, NOW)).toBe(false);
    const always = indexPdbs([aPdb({ spec: { maxUnavailable: 0, unhealthyPodEvictionPolicy: "AlwaysAllow" } })]);
    expect([isFullyBlocked(pod(ready("False")), always, NOW), isFullyBlocked(pod(ready("True")), always, NOW)]).toEqual(
      [false, true],
    );
  });

  it("several budgets block for ever", () => {
    expect(isFullyBlocked(pod(), indexPdbs([aPdb({ name: "a" }), aPdb({ name: "b" })]), NOW)).toBe(true);
  });
});
