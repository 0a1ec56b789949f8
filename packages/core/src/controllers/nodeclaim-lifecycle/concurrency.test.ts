import { afterEach, describe, expect, it } from "vitest";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { nodeClaimLifecycleController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

function controllerWith(lifecycleConcurrency?: number) {
  harness = new ControllerHarness(lifecycleConcurrency === undefined ? {} : { settings: { lifecycleConcurrency } });
  return nodeClaimLifecycleController(harness.deps);
}

describe("LC-12: how much nodeclaim.lifecycle does at once", () => {
  it("is a setting, 100 unless it is said otherwise", () => {
    expect(controllerWith().concurrency).toBe(100);
    expect(controllerWith(7).concurrency).toBe(7);
  });

  it("failures are tried again at a hundredth of it each second, and never at less than ten", () => {
    expect(controllerWith(7).rateLimit?.bucket).toEqual({ perSecond: 10, burst: 100 });
    expect(controllerWith(5000).rateLimit?.bucket).toEqual({ perSecond: 50, burst: 500 });
  });
});
