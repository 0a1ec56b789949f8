// Scenarios of docs/reference/upstream-parity.md: E-217, E-222.

import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { NodeClassNotReady, Transient } from "../../provider/index.ts";
import { aNodeClaim, TEST_CLASS } from "../../testing/builders/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { milliseconds } from "../../units/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { nodeClaimGarbageCollectionController } from "./controller.ts";

const MINUTE = 60_000;
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function started(options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.start(nodeClaimGarbageCollectionController(harness.deps));
}

/** A registered claim whose machine the cloud does not list; it has no Node. */
async function vanished(name: string, over: Parameters<typeof aNodeClaim>[0] = {}): Promise<void> {
  await harness.put(NodeClaims, aNodeClaim({ name, ...over }));
}

async function left(): Promise<readonly string[]> {
  return (await harness.kube.list(NodeClaims)).items.map(({ metadata }) => metadata.name ?? "");
}

describe("nodeclaim.garbagecollection", () => {
  it("DT-108, LC-44, DX-34: two lists 30 seconds apart must both lack the machine", async () => {
    await started();
    await vanished("n1");
    await harness.pass(2 * MINUTE + 1000);
    expect(await left()).toEqual(["n1"]);
    await harness.pass(30_000);
    expect(await left()).toEqual([]);
    expect(harness.deps.decisions.list()).toMatchObject([
      { controller: "nodeclaim.garbagecollection", verdict: "MachineGone", subject: "NodeClaim n1" },
    ]);
  });

  it("DM-10, D-147: each is counted once as garbage_collected, and one that is being deleted already is not", async () => {
    const metrics = new PromMetrics();
    await started({ metrics });
    const labels = { [Label.CapacityType]: "spot" };
    await vanished("n1", { labels, spec: { terminationGracePeriod: "5m" } });
    await vanished("n2", { labels });
    for (const name of ["n1", "n2"]) {
      const body = { metadata: { finalizers: ["example.com/hold"] } };
      await harness.kube.patch(NodeClaims, { name }, { type: "merge", body });
    }
    await harness.kube.delete(NodeClaims, { name: "n2" });
    await harness.pass(10 * MINUTE);
    expect(await promSeries(metrics, "karpenter_nodeclaims_disrupted_total")).toEqual([
      '{reason="garbage_collected",nodepool="default",capacity_type="spot",consolidation_policy="",termination_mode="eventual"} 1',
    ]);
  });

  it("D-147: a machine that the cloud still lists as one on its way out holds no claim", async () => {
    await started();
    await vanished("n1");
    const machine = aNodeClaim({ name: "n1" });
    const metadata = { ...machine.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    harness.provider.machines.set("test:///n1", { ...machine, metadata });
    await harness.pass(3 * MINUTE);
    expect(await left()).toEqual([]);
  });

  it("DX-34: a machine that is back in the second list starts anew", async () => {
    await started();
    await vanished("n1");
    await harness.pass(2 * MINUTE + 1000);
    harness.provider.machines.set("test:///n1", aNodeClaim({ name: "n1" }));
    await harness.pass(30_000);
    harness.provider.machines.clear();
    await harness.pass(2 * MINUTE);
    expect(await left()).toEqual(["n1"]);
    await harness.pass(MINUTE);
    expect(await left()).toEqual([]);
  });

  it("LC-44: a cloud that no NodeClass leads to yet is no empty cloud, and no error", async () => {
    harness = new ControllerHarness();
    await vanished("n1");
    let asked = 0;
    harness.provider.list = async () => {
      asked++;
      throw new NodeClassNotReady("TestNodeClass default is not ready");
    };
    await harness.start(nodeClaimGarbageCollectionController(harness.deps));
    await harness.pass(60 * MINUTE);
    expect(asked).toBe(121);
    expect(await left()).toEqual(["n1"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("DT-108, TC-46, LC-44: errors of the cloud never collect anything, however many", async () => {
    await started();
    await vanished("n1");
    harness.provider.list = async () => {
      throw new Transient("the cloud answered 503");
    };
    await harness.pass(60 * MINUTE);
    expect(await left()).toEqual(["n1"]);
  });

  it("DT-108, TC-46, D-147: a Node that is Ready is believed more than the cloud", async () => {
    await started();
    await harness.putMachine("n1");
    harness.provider.machines.clear();
    await harness.pass(60 * MINUTE);
    expect(await left()).toEqual(["n1"]);
  });

  it("DT-108, TC-46, D-147: a Node that is not Ready, and a second Node of the machine, protect nothing", async () => {
    await started();
    await harness.putMachine("n1", { node: { ready: false } });
    await harness.putMachine("n2");
    await harness.putNode({ name: "n2-again", providerID: "test:///n2" });
    harness.provider.machines.clear();
    await harness.pass(3 * MINUTE);
    expect(await left()).toEqual([]);
  });

  it("DT-108, TC-46, D-148: a claim that is not registered is left to its timeout", async () => {
    await started();
    await vanished("n1", { conditions: ["Launched"] });
    await harness.pass(10 * MINUTE);
    expect(await left()).toEqual(["n1"]);
  });

  it("a registered claim that names no machine is not judged", async () => {
    await started();
    await vanished("n1");
    await harness.kube.patchStatus(
      NodeClaims,
      { name: "n1" },
      { type: "merge", body: { status: { providerID: null } } },
    );
    await harness.pass(10 * MINUTE);
    expect(await left()).toEqual(["n1"]);
  });

  it("NP-1: claims of another autoscaler are none of our business", async () => {
    await started();
    await vanished("n1", { spec: { nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } } });
    await harness.pass(10 * MINUTE);
    expect(await left()).toEqual(["n1"]);
  });

  it("one claim that cannot be deleted does not keep the others", async () => {
    await started();
    await vanished("n1");
    await vanished("n2");
    harness.kube.faults = ({ phase, verb, key }) => {
      if (phase === "before" && verb === "delete" && key?.name === "n1")
        throw new KubeError(500, "InternalError", "no");
    };
    await harness.pass(3 * MINUTE);
    expect(await left()).toEqual(["n1"]);
    harness.kube.faults = undefined;
    await harness.pass(5 * MINUTE);
    expect(await left()).toEqual([]);
  });

  it("DT-108: a machine that is there keeps its claim, with or without a Node", async () => {
    await started();
    await vanished("n1");
    harness.provider.machines.set("test:///n1", aNodeClaim({ name: "n1" }));
    await harness.pass(10 * MINUTE);
    expect(await left()).toEqual(["n1"]);
  });

  it("DT-108: many go in one round, 20 at a time at most", async () => {
    await started();
    for (let i = 0; i < 45; i++) await vanished(`n${i}`);
    let underWay = 0;
    let most = 0;
    harness.kube.faults = async ({ phase, verb }) => {
      if (verb !== "delete") return;
      underWay += phase === "before" ? 1 : -1;
      most = Math.max(most, underWay);
      if (phase === "before") await harness.clock.sleep(milliseconds(10));
    };
    await harness.pass(3 * MINUTE);
    expect(await left()).toEqual([]);
    expect(most).toBeLessThanOrEqual(20);
  });

  it("observe mode: says what is gone and deletes nothing", async () => {
    await started({ settings: { mode: "observe" } });
    await vanished("n1");
    await vanished("n2");
    await harness.pass(10 * MINUTE);
    expect(await left()).toEqual(["n1", "n2"]);
    expect(harness.deps.decisions.list().map(({ subject }) => subject)).toEqual(["NodeClaim n1", "NodeClaim n2"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
