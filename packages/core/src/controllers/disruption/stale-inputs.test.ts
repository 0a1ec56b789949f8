// DX-24, DX-25: what is not known any more is no ground for a voluntary decision.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, NodePools } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodePool, aPod } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { nodeClaimPodEventsController } from "../nodeclaim-pod-events/controller.ts";
import { disruptionController } from "./controller.ts";

const IDLE = { conditions: ["Launched", "Registered", "Initialized", "Consolidatable"] } as const;
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function has(name: string): Promise<boolean> {
  return (await harness.stored(NodeClaims, { name })) !== undefined;
}

describe("disruption", () => {
  it("DX-24: does nothing while a watch has failed for more than a minute, says so once, and goes on when it works", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool({ disruption: { budgets: [{ nodes: "0" }] } }));
    await harness.putMachine("n1", { claim: IDLE });
    await harness.start(disruptionController(harness.deps));
    await harness.pass(1000);
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && (verb === "watch" || verb === "list") && resource.kind === "PodDisruptionBudget")
        throw new KubeError(503, "ServiceUnavailable", "the server is not there");
    };
    await harness.pass(12 * 60_000);
    const warning = "what the API server has of some resources is not known, no node is disrupted";
    expect(harness.logger.messages("warn").filter((text) => text === warning)).toHaveLength(1);
    expect(harness.logger.find(warning)?.fields).toEqual({ resources: "poddisruptionbudgets" });
    const body = { spec: { disruption: { budgets: [{ nodes: "1" }] } } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.pass(120_000);
    expect(await has("n1")).toBe(true);
    expect(harness.deps.decisions.list().at(-1)).toMatchObject({ verdict: "StaleState", subject: "Node n1" });
    harness.kube.faults = undefined;
    await harness.pass(6 * 60_000);
    expect(await has("n1")).toBe(false);
  });

  it("DX-25: a pod event that could not be written holds the node for consolidateAfter all the same", async () => {
    harness = new ControllerHarness();
    const { deps } = harness;
    await harness.put(NodePools, aNodePool({ disruption: { budgets: [], consolidateAfter: "5m" } }));
    await harness.putMachine("n1", { claim: { ...IDLE, lastPodEventTime: "2025-12-31T00:00:00Z" } });
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "patchStatus" && resource.kind === "NodeClaim")
        throw new KubeError(500, "InternalError", "etcdserver: request timed out");
    };
    await harness.start(nodeClaimPodEventsController(deps), disruptionController(deps));
    await harness.pass(1000);
    await harness.putPod(aPod({ name: "next", nodeName: "n1" }));
    await harness.pass(1000);
    for (const name of ["web", "next"]) await harness.podEnds({ namespace: "default", name });
    await harness.pass(60_000);
    const claim = await harness.stored(NodeClaims, { name: "n1" });
    expect(claim?.status?.lastPodEventTime).toBe("2025-12-31T00:00:00Z");
    const verdicts = harness.deps.decisions.judgements().map(({ verdict, until }) => [verdict, until]);
    expect(verdicts).toEqual([["WaitConsolidateAfter", expect.any(Number)]]);
    expect(harness.logger.messages("info")).not.toContain("disrupting node(s)");
  });
});
