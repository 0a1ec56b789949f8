import { afterEach, describe, expect, it } from "vitest";
import { NodePools } from "../../api/index.ts";
import { aNodePool } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { replaceBeforePatch } from "../../testing/namesake.ts";
import { RecentRepairs } from "./recent-repairs.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

describe("RecentRepairs", () => {
  it("RT-15, DX-30: a pool that takes the place of the one whose node is repaired is not charged with it", async () => {
    harness = new ControllerHarness();
    const pool = await harness.put(NodePools, aNodePool());
    await harness.start();
    const seen = replaceBeforePatch(harness, NodePools, aNodePool());
    const { signal } = new AbortController();
    await expect(new RecentRepairs(harness.deps).began(pool, "n1", signal)).rejects.toMatchObject({ code: 409 });
    expect(seen).toEqual({ came: true, patched: false });
  });
});
