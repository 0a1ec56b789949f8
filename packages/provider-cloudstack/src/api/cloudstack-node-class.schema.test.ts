import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bench } from "../test-bench.ts";
import { nodeClassHash } from "./node-class-hash.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.start();
});

afterEach(() => bench.close());

describe("T-32: what the schema of CloudStackNodeClass refuses", () => {
  it.each([
    ["no terms", { networkSelectorTerms: [] }, "networkSelectorTerms cannot be empty"],
    [
      "a term without fields",
      { templateSelectorTerms: [{}] },
      "expected at least one, got none, ['tags', 'id', 'name']",
    ],
    [
      "a tag without a key",
      { networkSelectorTerms: [{ tags: { "": "x" } }] },
      "empty tag keys or values aren't supported",
    ],
    [
      "a tag of ours",
      { tags: { "karpenter.sh/nodepool": "x" } },
      "tag contains a restricted tag matching karpenter.sh/nodepool",
    ],
    [
      "a tag of the cluster",
      { tags: { "kubernetes.io/cluster/x": "owned" } },
      "restricted tag matching kubernetes.io/cluster/",
    ],
    ["zone and zones", { zone: "a", zones: ["b"] }, "zone and zones exclude each other"],
    ["an empty root disk", { rootDiskSize: 0 }, "rootDiskSize"],
    [
      "two ways of disks",
      { diskOffering: "Small", dataDisks: [{ offering: "Small" }] },
      "diskOffering and dataDisks exclude each other",
    ],
    ["an account without its domain", { account: "a" }, "account and domain belong together"],
    ["an account in a project", { account: "a", domain: "b", project: "c" }, "project and account exclude each other"],
    [
      "a security group by name and id",
      { securityGroups: [{ name: "a", id: "b" }] },
      "a security group needs exactly one of name and id",
    ],
    [
      "registered user data with two phases",
      { userData: undefined as never, userDataRef: { name: "x" }, startVM: "twoPhase" as const },
      "startVM twoPhase writes the user data itself",
    ],
    ["details that the offering sets", { details: { cpuNumber: "4" } }, "details may not set"],
    ["k3s without a token", { bootstrap: { type: "k3s" as const } }, "need bootstrap.tokenSecretRef"],
  ])("%s", async (_, spec, text) => {
    await expect(bench.putClass("wrong", spec)).rejects.toThrow(text);
  });

  it("neither zone nor zones", async () => {
    await expect(bench.putClass("wrong", { zones: [] })).rejects.toThrow("one of zone or zones is required");
  });
});

describe("the fingerprint of a class (§11)", () => {
  const spec = { zone: "a", networkSelectorTerms: [], serviceOfferingSelectorTerms: [], templateSelectorTerms: [] };

  it("stays with other zones, terms, prices and defaults written out", () => {
    const first = nodeClassHash(spec);
    expect(
      nodeClassHash({ ...spec, zone: "b", priceTable: [{ offering: "x", price: "1" }], expungePolicy: "Never" }),
    ).toBe(first);
    expect(nodeClassHash({ ...spec, userDataMode: "Auto", compressUserData: true })).toBe(first);
    expect(nodeClassHash({ ...spec, credentialsSecretRef: { name: "other" }, scrubUserData: true })).toBe(first);
  });

  it("changes with what makes machines differ", () => {
    const first = nodeClassHash(spec);
    for (const change of [
      { userData: "#!/bin/bash" },
      { rootDiskSize: 50 },
      { tags: { a: "b" } },
      { kubelet: { maxPods: 20 } },
      { securityGroups: [{ name: "a" }] },
      { account: "a", domain: "b" },
    ]) {
      expect(nodeClassHash({ ...spec, ...change })).not.toBe(first);
    }
  });
});
