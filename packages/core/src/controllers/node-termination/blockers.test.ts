import { describe, expect, it } from "vitest";
import { Annotation, type PodDisruptionBudget } from "../../api/index.ts";
import { indexPdbs } from "../../disruption/index.ts";
import { aPdb, aPod, pods, type PodOptions } from "../../testing/builders/index.ts";
import { describeBlockers, drainCauseOf, type DrainView } from "./blockers.ts";

const NOW = Date.UTC(2026, 0, 1);

function view(...pdbs: readonly PodDisruptionBudget[]): DrainView {
  return { pdbs: indexPdbs(pdbs), now: NOW, refusalOf: () => undefined };
}

function cause(over: PodOptions, ...pdbs: readonly PodDisruptionBudget[]): string {
  return describeBlockers([aPod({ name: "web", nodeName: "n1", ...over })], view(...pdbs));
}

describe("describeBlockers", () => {
  it("DX-26: names what holds each pod", () => {
    expect(cause({})).toBe("default/web (to be evicted)");
    expect(cause({ deletionTimestamp: "2026-01-01T00:00:30Z" })).toBe(
      "default/web (terminating, to end at 2026-01-01T00:00:30Z)",
    );
    expect(cause({ annotations: { [Annotation.DoNotDisrupt]: "true" } })).toBe(
      "default/web (annotation karpenter.sh/do-not-disrupt protects it)",
    );
    expect(cause({}, aPdb({ disruptionsAllowed: 0 }))).toBe("default/web (PodDisruptionBudget pdb allows no eviction)");
    expect(cause({}, aPdb({ name: "a" }), aPdb({ name: "b" }))).toBe(
      "default/web (several PodDisruptionBudgets select it: a, b)",
    );
  });

  it("DX-26: says until when a protection lasts", () => {
    const status = { phase: "Running", startTime: "2026-01-01T00:00:00Z" } as const;
    expect(cause({ annotations: { [Annotation.DoNotDisrupt]: "1h" }, status })).toContain("until 2026-01-01T01:00:00Z");
  });

  it("DX-26: five pods and the number of the others", () => {
    const text = describeBlockers(pods(8, { nodeName: "n1" }), view());
    expect(text.match(/to be evicted/g)).toHaveLength(5);
    expect(text).toMatch(/ and 3 more$/);
  });

  it("DX-26: what holds the node is named first, however many others wait with it", () => {
    const protects = { [Annotation.DoNotDisrupt]: "true" };
    const held = aPod({ name: "zz-held", nodeName: "n1", annotations: protects });
    const ending = aPod({ name: "zy-ending", nodeName: "n1", deletionTimestamp: "2026-01-01T00:00:30Z" });
    const text = describeBlockers([...pods(8, { nodeName: "n1" }), ending, held], view());
    expect(text).toMatch(/^default\/zz-held \(annotation .* protects it\), default\/zy-ending \(terminating, .*\), /);
    expect(text).toMatch(/ and 5 more$/);
  });

  it("DX-26, DM-45: an eviction that is refused for another cause than budgets is named, and a cause of its own", () => {
    const waiting = [aPod({ name: "web", nodeName: "n1" })];
    const refusing = { ...view(), refusalOf: () => "admission webhook denied the request" };
    expect(describeBlockers(waiting, refusing)).toBe(
      "default/web (its eviction is refused: admission webhook denied the request)",
    );
    expect([drainCauseOf(waiting, view()), drainCauseOf(waiting, refusing)]).toEqual([undefined, "refused"]);
  });
});
