import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims } from "../api/index.ts";
import { aNodeClaim } from "../testing/builders/index.ts";
import { ControllerHarness } from "../testing/controller-harness.ts";
import {
  claimsOfMachine,
  claimsOfPool,
  currentClaim,
  disruptionLabels,
  nodesOfMachine,
  terminationMode,
} from "./claims.ts";

describe("LC-40: how hard the end of a claim may be", () => {
  it.each([
    [undefined, "graceful"],
    ["0s", "forceful"],
    ["0h0m0s", "forceful"],
    ["30s", "eventual"],
    ["10h", "eventual"],
    ["1h0m", "eventual"],
  ] as const)("terminationGracePeriod %s is %s", (terminationGracePeriod, mode) => {
    const spec = terminationGracePeriod === undefined ? {} : { terminationGracePeriod };
    expect(terminationMode(aNodeClaim({ spec }))).toBe(mode);
  });

  it("A-14: a claim without labels has labels of the counter all the same", () => {
    const { labels: _, ...metadata } = aNodeClaim().metadata;
    expect(disruptionLabels({ ...aNodeClaim(), metadata }, "empty")).toEqual({
      reason: "empty",
      nodepool: "",
      capacity_type: "",
      consolidation_policy: "",
      termination_mode: "graceful",
    });
    expect(disruptionLabels(aNodeClaim({ labels: { [Label.CapacityType]: "spot" } }), "empty").capacity_type).toBe(
      "spot",
    );
  });
});

describe("looking up claims and nodes", () => {
  let harness: ControllerHarness;
  afterEach(() => harness.stop());

  it("RT-15: a claim that another one of its name has replaced is not there any more", async () => {
    harness = new ControllerHarness();
    const { cache } = harness.deps;
    const first = await harness.put(NodeClaims, aNodeClaim({ name: "n1" }));
    await harness.start();
    expect(currentClaim(cache, first)?.metadata.uid).toBe(first.metadata.uid);
    cache.informer(NodeClaims);
    await harness.kube.delete(NodeClaims, { name: "n1" });
    const second = await harness.put(NodeClaims, aNodeClaim({ name: "n1" }));
    await harness.pass(100);
    expect([currentClaim(cache, first), currentClaim(cache, undefined)]).toEqual([undefined, undefined]);
    expect(currentClaim(cache, second)?.metadata.uid).toBe(second.metadata.uid);
  });

  it("LC-23: an empty providerID matches nothing, although there are claims and Nodes without one", async () => {
    harness = new ControllerHarness();
    const { status: _, ...unlaunched } = aNodeClaim({ name: "default-1" });
    await harness.put(NodeClaims, unlaunched);
    await harness.putNode({ name: "bare", nodePool: "", providerID: "" });
    await harness.putMachine("n1");
    const { cache } = harness.deps;
    claimsOfPool(cache, "default");
    nodesOfMachine(cache, "test:///n1");
    await harness.start();
    expect(claimsOfMachine(cache, "")).toEqual([]);
    expect([...nodesOfMachine(cache, ""), ...nodesOfMachine(cache, undefined)]).toEqual([]);
    expect(claimsOfMachine(cache, "test:///n1").map(({ metadata }) => metadata.name)).toEqual(["n1"]);
    expect(nodesOfMachine(cache, "test:///n1").map(({ metadata }) => metadata.name)).toEqual(["n1"]);
    expect(claimsOfPool(cache, "default").map(({ metadata }) => metadata.name)).toEqual(["default-1", "n1"]);
  });
});
