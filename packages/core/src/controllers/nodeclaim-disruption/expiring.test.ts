// DX-29: a replacement before the end, where the NodePool asks for it.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, getCondition, NodeClaims, NodePools } from "../../api/index.ts";
import { TEST_NODE_CLASS } from "../../testing/controller-harness.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { nodeClaimExpirationController } from "../nodeclaim-expiration/controller.ts";
import { nodeClaimDisruptionController } from "./controller.ts";

const HOUR = 3_600_000;
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function node(lead: string | null, { budget = "100%", expireAfter = "2h" } = {}): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool({ budgets: [{ nodes: budget, reasons: ["Drifted"] }], consolidateAfter: "Never" });
  const body = { metadata: { annotations: { [Annotation.ReplaceBeforeExpiry]: lead } } };
  await cluster.harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
  await cluster.machine("n1", { pod: { requests: { cpu: "6" } }, spec: { expireAfter } });
  const { deps } = cluster.harness;
  await cluster.start(nodeClaimDisruptionController(deps, [TEST_NODE_CLASS]), nodeClaimExpirationController(deps));
}

async function drifted(): Promise<string | undefined> {
  const claim = await cluster.harness.stored(NodeClaims, { name: "n1" });
  return claim && getCondition(claim, "Drifted")?.reason;
}

describe("expiration with a replacement first", () => {
  it("DX-29: from the lead on the claim is drifted, and it goes when its replacement works", async () => {
    await node("30m");
    await cluster.harness.pass(1.5 * HOUR - 1000);
    expect(await drifted()).toBeUndefined();
    await cluster.harness.pass(1500);
    expect(await drifted()).toBe("Expiring");
    await cluster.harness.pass(15_000);
    expect([(await cluster.replacements()).length, await cluster.has("n1")]).toEqual([1, true]);
    await cluster.replacementsWork();
    await cluster.harness.pass(1500);
    expect(await cluster.has("n1")).toBe(false);
  });

  it("DX-29: the budgets for drift hold it back, and at expireAfter it goes all the same", async () => {
    await node("30m", { budget: "0" });
    await cluster.harness.pass(2 * HOUR - 1000);
    expect([await drifted(), await cluster.replacements(), await cluster.has("n1")]).toEqual(["Expiring", [], true]);
    await cluster.harness.pass(1500);
    expect(await cluster.has("n1")).toBe(false);
  });

  it.each([[null], ["soon"], ["0s"]])("DX-29: %j asks for nothing", async (lead) => {
    await node(lead);
    await cluster.harness.pass(2 * HOUR - 1000);
    expect([await drifted(), await cluster.has("n1")]).toEqual([undefined, true]);
  });

  it("DX-29: a machine that never expires is never drifted by it", async () => {
    await node("30m", { expireAfter: "Never" });
    await cluster.harness.pass(2 * HOUR);
    expect(await drifted()).toBeUndefined();
  });
});
