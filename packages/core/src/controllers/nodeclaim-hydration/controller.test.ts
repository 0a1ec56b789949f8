import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, type NodeClaim } from "../../api/index.ts";
import { aNodeClaim, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { replaceBeforePatch } from "../../testing/namesake.ts";
import { nodeClaimHydrationController } from "./controller.ts";

const KEY = "karpenter.test.sh/testnodeclass";
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function labelsOf(claim: NodeClaim): Promise<NodeClaim["metadata"]["labels"]> {
  harness = new ControllerHarness();
  await harness.put(NodeClaims, claim);
  await harness.start(nodeClaimHydrationController(harness.deps));
  await harness.pass(1000);
  return (await harness.stored(NodeClaims, { name: "n1" }))?.metadata.labels;
}

/** As an older version left it. */
function old(labels: Readonly<Record<string, string>>): NodeClaim {
  const claim = aNodeClaim({ name: "n1" });
  return { ...claim, metadata: { ...claim.metadata, labels } };
}

describe("nodeclaim.hydration", () => {
  it("HY-1, D-143: a claim without the label of its class gets it, and keeps its others", async () => {
    expect(await labelsOf(old({ team: "a" }))).toEqual({ team: "a", [KEY]: "default" });
  });

  it("D-143: a label that names another class is corrected", async () => {
    expect(await labelsOf(old({ [KEY]: "former" }))).toEqual({ [KEY]: "default" });
  });

  it("a claim that has its label is not written", async () => {
    let writes = 0;
    harness = new ControllerHarness();
    await harness.put(NodeClaims, aNodeClaim({ name: "n1" }));
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patch") writes++;
    };
    await harness.start(nodeClaimHydrationController(harness.deps));
    await harness.pass(60_000);
    expect(writes).toBe(0);
  });

  it("RT-15: a claim that takes the place of the one that was seen is not written for it", async () => {
    harness = new ControllerHarness();
    await harness.put(NodeClaims, old({ team: "a" }));
    const seen = replaceBeforePatch(harness, NodeClaims, old({ team: "b", [KEY]: "default" }));
    await harness.start(nodeClaimHydrationController(harness.deps));
    await harness.pass(1000);
    expect(seen).toEqual({ came: true, patched: false });
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("NP-1: another autoscaler's claim is left alone", async () => {
    const nodeClassRef = { ...TEST_CLASS, group: "other.example.com" };
    const claim = old({ team: "a" });
    expect(await labelsOf({ ...claim, spec: { ...claim.spec, nodeClassRef } })).toEqual({ team: "a" });
  });
});
