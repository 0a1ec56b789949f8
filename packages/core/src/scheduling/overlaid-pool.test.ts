// What Karpenter v1.14 itself decided for small clusters with NodeOverlays, beside what this engine decides, and how a claim
// tells that overlays were at work.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Annotation, WELL_KNOWN_LABELS } from "../api/index.ts";
import type { NodeOverlay } from "../api/index.ts";
import { aNodePool, anInstanceType, aPod, aPoolInput, aProblem } from "../testing/builders/index.ts";
import { PARITY_ENGINES } from "../testing/engines.ts";
import { problemOf, readScenario, scheduleResult } from "../testing/oracle-scenario/index.ts";
import { compareText } from "../units/index.ts";
import { evaluateOverlays, nodeClaimFromPlan, overlaidPool } from "./index.ts";

interface RecordedOverlays {
  readonly name: string;
  readonly description: string;
  readonly scenario: unknown;
  readonly accepted: readonly { readonly newNodeClaims: readonly unknown[]; readonly errors: readonly string[] }[];
}

const FOLDER = new URL("./test-overlays/", import.meta.url);
const cases = readdirSync(FOLDER)
  .toSorted(compareText)
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as RecordedOverlays);

const CONTEXT = { wellKnown: new Set(WELL_KNOWN_LABELS) };
const overlay = (spec: Omit<NodeOverlay["spec"], "requirements">): NodeOverlay => ({
  metadata: { name: "o" },
  spec: { requirements: [], ...spec },
});

describe.each(PARITY_ENGINES)("S-518: overlays, $name", (engine) => {
  it("recorded decisions are there", () => {
    expect(cases.length).toBeGreaterThanOrEqual(20);
  });

  it.each(cases)("$name: $description", ({ scenario, accepted }) => {
    const { problem, ignored } = problemOf(readScenario(scenario));
    const { newNodeClaims, errors } = scheduleResult(engine.solve(problem), problem, ignored);
    expect(accepted).toContainEqual({ newNodeClaims, errors: Object.keys(errors) });
  });

  it("OV-6: a pool that was not evaluated is skipped with reason OverlayPending, others are not", () => {
    const [first, second] = [aPoolInput({ name: "known" }), aPoolInput({ name: "unknown", weight: 10 })];
    const evaluation = evaluateOverlays([first], [overlay({ price: "1" })], CONTEXT);
    const nodePools = [first, second].map((pool) => overlaidPool(pool, evaluation));
    const placed = engine.solve(aProblem({ pods: [aPod()], nodePools }));
    expect(placed.newClaims.map((claim) => claim.nodePool)).toEqual(["known"]);
    const refused = engine.solve(aProblem({ pods: [aPod({ requests: { cpu: "999" } })], nodePools }));
    expect(refused.failures[0]?.nodePools[0]).toMatchObject({
      nodePool: "unknown",
      verdict: "skipped",
      reason: "OverlayPending",
    });
  });

  it.each([
    ["a price", { price: "1" }, { [Annotation.PriceOverlayApplied]: "true" }],
    ["capacity", { capacity: { "example.com/fuse": "1" } }, { [Annotation.CapacityOverlayApplied]: "true" }],
    [
      "both",
      { priceAdjustment: "+1%", capacity: { "example.com/fuse": "1" } },
      { [Annotation.PriceOverlayApplied]: "true", [Annotation.CapacityOverlayApplied]: "true" },
    ],
    ["nothing", {}, {}],
  ])("K-15: a claim says that overlays changed %s of its types", (_, spec, marks) => {
    const pool = aPoolInput({ instanceTypes: [anInstanceType()] });
    const evaluation = evaluateOverlays([pool], [overlay(spec)], CONTEXT);
    const { newClaims } = engine.solve(aProblem({ pods: [aPod()], nodePools: [overlaidPool(pool, evaluation)] }));
    const [annotations] = newClaims.map(
      (planned) =>
        nodeClaimFromPlan(planned, aNodePool(), { nodePoolHash: "1", hashVersion: "v" }).metadata.annotations,
    );
    const keys: readonly string[] = [Annotation.PriceOverlayApplied, Annotation.CapacityOverlayApplied];
    expect(Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => keys.includes(key)))).toEqual(marks);
  });
});
