// S-522: nodes of static pools are not planned from what pods need, but pods are planned onto them.

import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, NodePools } from "../../api/index.ts";
import { defaultFeatureGates } from "../../options/index.ts";
import { anInstanceType, aNodePool, aPod } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { provisioningController } from "../provisioning/controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function world(StaticCapacity: boolean): Promise<void> {
  const featureGates = { ...defaultFeatureGates(), StaticCapacity };
  harness = new ControllerHarness({ types: [anInstanceType({ cpu: "16" })], settings: { featureGates } });
  await harness.put(NodePools, aNodePool({ name: "static", replicas: 1 }));
  await harness.putMachine("s1", { claim: { nodePool: "static" }, node: { nodePool: "static" } });
  await harness.start(provisioningController(harness.deps));
}

async function pools(): Promise<readonly (string | undefined)[]> {
  return (await harness.kube.list(NodeClaims)).items.map(({ metadata }) => metadata.labels?.[Label.NodePool]);
}

describe("pods and the nodes of a static pool", () => {
  it("S-522: a pod that fits there is promised the node, and nothing is bought", async () => {
    await world(true);
    await harness.put(NodePools, aNodePool({ name: "dynamic" }));
    await harness.putPod(aPod({ name: "web", requests: { cpu: "2" } }));
    await harness.pass(60_000);
    expect(await pools()).toEqual(["static"]);
    expect(harness.events.withReason("Nominated")[0]?.message).toContain("node/s1");
    expect(harness.deps.state.nodeByName("s1")?.nominatedUntil).toBeDefined();
  });

  it("E-72: a pod that does not fit there gets a machine of another pool", async () => {
    await world(true);
    await harness.put(NodePools, aNodePool({ name: "dynamic" }));
    await harness.putPod(aPod({ name: "big", requests: { cpu: "8" } }));
    await harness.pass(60_000);
    expect((await pools()).toSorted()).toEqual(["dynamic", "static"]);
  });

  it.each([
    [true, "it has a fixed number of replicas"],
    [false, "it has a fixed number of replicas, and without the feature gate StaticCapacity nothing keeps it at them"],
  ])("S-522: a static pool buys nothing for a pod and says why, gate %s", async (gate, why) => {
    await world(gate);
    await harness.putPod(aPod({ name: "big", requests: { cpu: "8" } }));
    await harness.pass(60_000);
    expect(await pools()).toEqual(["static"]);
    const details = harness.deps.decisions.list().map(({ detail }) => detail);
    expect(details.some((detail) => detail.includes(`${why} (NodePool static)`))).toBe(true);
  });
});
