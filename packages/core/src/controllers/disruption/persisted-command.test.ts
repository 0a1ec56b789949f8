import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims } from "../../api/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { replaceBeforePatch } from "../../testing/namesake.ts";
import { writeRecord } from "./persisted-command.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

describe("writeRecord", () => {
  it("RT-15, DX-36: a claim that takes the place of a chosen one does not carry its command", async () => {
    harness = new ControllerHarness();
    const { claim } = await harness.putMachine("n1");
    await harness.start();
    const seen = replaceBeforePatch(harness, NodeClaims, aNodeClaim({ name: "n1" }));
    const { signal } = new AbortController();
    await expect(writeRecord(harness.deps, [claim], "{}", signal)).rejects.toMatchObject({ code: 409 });
    expect(seen).toEqual({ came: true, patched: false });
  });
});
