import { describe, expect, it } from "vitest";

import { Annotation } from "../api/index.ts";
import { aNodeClaim, aNodePool } from "../testing/builders/index.ts";
import { consolidatableAt, consolidationWait } from "./consolidatable.ts";

const INITIALIZED = Date.UTC(2026, 0, 1);
const pool = aNodePool({ disruption: { consolidateAfter: "1m" } });
const held = (until: string): ReturnType<typeof aNodeClaim> =>
  aNodeClaim({ annotations: { [Annotation.NotConsolidatableBefore]: until } });

describe("a claim whose provider holds it", () => {
  it("is consolidatable when both consolidateAfter and the hold are over", () => {
    const claim = held("2026-01-31T00:00:00Z");
    expect(consolidatableAt(claim, pool)).toBe(Date.UTC(2026, 0, 31));
    expect(consolidatableAt(held("2025-12-01T00:00:00Z"), pool)).toBe(INITIALIZED + 60_000);
    expect(consolidatableAt(held("soon"), pool)).toBe(INITIALIZED + 60_000);
  });

  it("DX-25: a pod event that was seen and not written counts all the same, unless there is nothing to wait for", () => {
    const seen = INITIALIZED + 3_600_000;
    expect(consolidatableAt(aNodeClaim(), pool, seen)).toBe(seen + 60_000);
    expect(consolidatableAt(aNodeClaim(), pool, INITIALIZED - 1)).toBe(INITIALIZED + 60_000);
    expect(consolidatableAt(aNodeClaim(), aNodePool({ disruption: { consolidateAfter: "0s" } }), seen)).toBe(
      INITIALIZED,
    );
  });

  it("the verdict says which of the two is waited for", () => {
    const until = "2026-01-31T00:00:00Z";
    expect(consolidationWait(held(until), pool, Date.UTC(2026, 0, 31))).toBe(
      `annotation karpenter-multicloud.sh/not-consolidatable-before holds it until ${until}`,
    );
    expect(consolidationWait(aNodeClaim(), pool, INITIALIZED + 60_000)).toBe(
      "waits for consolidateAfter 1m until 2026-01-01T00:01:00Z",
    );
    const { disruption: _, ...spec } = pool.spec;
    expect(consolidationWait(aNodeClaim(), { ...pool, spec }, INITIALIZED)).toBe(
      "waits for consolidateAfter 0s until 2026-01-01T00:00:00Z",
    );
  });
});
