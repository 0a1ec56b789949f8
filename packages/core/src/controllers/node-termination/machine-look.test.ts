import { afterEach, describe, expect, it } from "vitest";
import { Annotation } from "../../api/index.ts";
import { aPod } from "../../testing/builders/index.ts";
import type { ControllerHarness } from "../../testing/controller-harness.ts";
import { isReleased, openMachine, startAndDelete, WEB } from "../../testing/terminating-machine.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

describe("node.termination of a Node that is not Ready", () => {
  it("D-163: the cloud is asked for its machine now and then, not at each pass of the drain", async () => {
    harness = await openMachine({ node: { ready: false } });
    const { provider } = harness;
    const get = provider.get.bind(provider);
    let asked = 0;
    provider.get = (id) => {
      asked++;
      return get(id);
    };
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } }));
    await startAndDelete(harness);
    await harness.pass(60_000);
    expect(asked).toBeGreaterThanOrEqual(5);
    expect(asked).toBeLessThanOrEqual(7);
    provider.machines.clear();
    await harness.pass(11_000);
    expect(await isReleased(harness)).toBe(true);
  });
});
