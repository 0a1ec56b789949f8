import { afterEach, expect, it } from "vitest";
import { evaluateOverlays } from "../../pricing/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { OverlayStore } from "../overlay-store.ts";
import { ClusterStamp } from "./cluster-stamp.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

it("D-56: overlays that were evaluated anew may let any method find something", () => {
  harness = new ControllerHarness();
  const overlays = new OverlayStore();
  const stamp = new ClusterStamp({ ...harness.deps, overlays });
  const before = stamp.current();
  expect(stamp.current()).toBe(before);
  overlays.replace(evaluateOverlays([], [], { wellKnown: new Set() }));
  const after = stamp.current();
  expect(after).not.toBe(before);
  expect(stamp.current()).toBe(after);
});
