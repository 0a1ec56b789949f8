// The end of a drain is irreversible: the machine goes with whatever still runs there. So it is not left to a mirror that may lag behind.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, Nodes, Pods } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aPod } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { nodeTerminationController } from "./controller.ts";
import { EvictionQueue } from "./eviction-queue.ts";
import {
  CLASS,
  FINALIZER,
  isReleased,
  NODE,
  openMachine,
  startAndDelete,
  WEB,
} from "../../testing/terminating-machine.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

let liveLists = 0;

/** From now on no watch of pods works, and no list of all of them. */
function loseSightOfPods(): void {
  liveLists = 0;
  harness.kube.faults = ({ phase, verb, resource }) => {
    if (phase !== "before" || resource.kind !== Pods.kind) return;
    if (verb === "watch") throw new KubeError(500, "InternalError", "no watch");
    if (verb === "list") liveLists++;
  };
  harness.kube.dropWatches();
}

describe("node.termination behind a lagging mirror", () => {
  it("D-168, DX-24: a pod that the mirror does not show keeps its machine", async () => {
    harness = await openMachine();
    await startAndDelete(harness);
    loseSightOfPods();
    await harness.pass(1000);
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.pass(20_000);
    expect(harness.provider.calls).toEqual([]);
    harness.kube.faults = undefined;
    await harness.pass(60_000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
    await harness.podEnds(WEB);
    await harness.pass(30_000);
    expect(await isReleased(harness)).toBe(true);
  });

  it("D-168: so does one on a Node without a claim", async () => {
    harness = new ControllerHarness();
    await harness.putNode({ name: "n1", labels: CLASS });
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    const queue = new EvictionQueue(harness.deps);
    await harness.start(queue.controller(), nodeTerminationController(harness.deps, queue));
    loseSightOfPods();
    await harness.pass(1000);
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.kube.delete(Nodes, NODE);
    await harness.pass(60_000);
    expect(await isReleased(harness)).toBe(false);
  });

  it("D-168: the API server is asked once for each drain that ends, not at each pass", async () => {
    harness = await openMachine();
    harness.provider.slowDeletes = 20;
    await startAndDelete(harness);
    liveLists = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "list" && resource.kind === Pods.kind) liveLists++;
    };
    await harness.pass(120_000);
    expect([await isReleased(harness), liveLists]).toEqual([true, 1]);
  });

  it.each([
    ["was evicted", undefined],
    ["is gone", new KubeError(404, "NotFound", "it is gone")],
  ])("D-173: a pod that %s, which the mirror does not tell, is not asked for each second", async (_, answer) => {
    harness = await openMachine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    const queue = new EvictionQueue(harness.deps);
    await harness.start(queue.controller(), nodeTerminationController(harness.deps, queue));
    loseSightOfPods();
    const lost = harness.kube.faults;
    let asked = 0;
    harness.kube.faults = async (call) => {
      await lost?.(call);
      if (call.phase !== "before" || call.verb !== "evict") return;
      asked++;
      if (answer) throw answer;
    };
    await harness.pass(1000);
    await harness.kube.delete(Nodes, NODE);
    await harness.pass(60_000);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(7);
  });

  it("D-181: past its deadline the machine goes, whoever cannot be asked", async () => {
    const deadline = "2026-01-01T00:01:00Z";
    harness = await openMachine({ claim: { annotations: { [Annotation.TerminationTimestamp]: deadline } } });
    await startAndDelete(harness);
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "list" && resource.kind === Pods.kind)
        throw new KubeError(503, "ServiceUnavailable", "later");
    };
    await harness.pass(50_000);
    expect(await isReleased(harness)).toBe(false);
    await harness.pass(60_000);
    expect(await isReleased(harness)).toBe(true);
  });
});
