import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, Nodes } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNode, aNodeClaim, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { replaceBeforePatch } from "../../testing/namesake.ts";
import { nodeHydrationController } from "./controller.ts";

const KEY = "karpenter.test.sh/testnodeclass";
const PROVIDER_ID = "test:///n1";
let harness: ControllerHarness;
afterEach(() => harness.stop());

/** A Node as an older version left it: of no class. */
async function oldNode(): Promise<void> {
  harness = new ControllerHarness();
  await harness.putNode({ name: "n1", nodePool: "", labels: { team: "a" }, providerID: PROVIDER_ID });
}

async function start(): Promise<void> {
  await harness.start(nodeHydrationController(harness.deps));
  await harness.pass(1000);
}

async function labels(): Promise<Readonly<Record<string, string>>> {
  return (await harness.stored(Nodes, { name: "n1" }))?.metadata.labels ?? {};
}

describe("node.hydration", () => {
  it("HY-1, D-143: the Node of a claim gets the label of the class, and keeps its others", async () => {
    await oldNode();
    await harness.put(NodeClaims, aNodeClaim({ name: "c1", providerID: PROVIDER_ID }));
    await start();
    expect(await labels()).toMatchObject({ team: "a", [KEY]: "default" });
  });

  it("a claim that is seen after its Node wakes it", async () => {
    await oldNode();
    await start();
    expect(await labels()).not.toHaveProperty(KEY);
    await harness.put(NodeClaims, aNodeClaim({ name: "c1", providerID: PROVIDER_ID }));
    await harness.pass(1000);
    expect(await labels()).toMatchObject({ [KEY]: "default" });
  });

  it("a Node of no claim, or of two, is left alone", async () => {
    await oldNode();
    await harness.put(NodeClaims, aNodeClaim({ name: "other", providerID: "test:///other" }));
    await start();
    expect(await labels()).not.toHaveProperty(KEY);
    harness.stop();
    await oldNode();
    for (const name of ["c1", "c2"]) await harness.put(NodeClaims, aNodeClaim({ name, providerID: PROVIDER_ID }));
    await start();
    expect(await labels()).not.toHaveProperty(KEY);
  });

  it("NP-1: the Node of another autoscaler's claim is left alone", async () => {
    await oldNode();
    const nodeClassRef = { ...TEST_CLASS, group: "other.example.com" };
    await harness.put(NodeClaims, aNodeClaim({ name: "c1", providerID: PROVIDER_ID, spec: { nodeClassRef } }));
    await start();
    const written = Object.keys(await labels()).filter((key) => key.endsWith("/testnodeclass"));
    expect(written).toEqual([]);
  });

  it("RT-15: a Node that takes the place of the one that was seen is not written for it", async () => {
    await oldNode();
    await harness.put(NodeClaims, aNodeClaim({ name: "c1", providerID: PROVIDER_ID }));
    const seen = replaceBeforePatch(harness, Nodes, aNode({ name: "n1", nodePool: "", providerID: "test:///other" }));
    await start();
    expect(seen).toEqual({ came: true, patched: false });
    expect(await labels()).not.toHaveProperty(KEY);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a write that fails is tried again", async () => {
    await oldNode();
    await harness.put(NodeClaims, aNodeClaim({ name: "c1", providerID: PROVIDER_ID }));
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patch" && failures++ < 2) throw new KubeError(500, "InternalError", "no");
    };
    await start();
    expect(await labels()).toMatchObject({ [KEY]: "default" });
  });
});
