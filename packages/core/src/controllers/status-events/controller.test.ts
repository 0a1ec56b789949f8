import { afterEach, describe, expect, it } from "vitest";
import {
  NodeClaims,
  NodePools,
  Nodes,
  TERMINATION_FINALIZER,
  type Condition,
  type ConditionStatus,
  type NodeClassRef,
} from "../../api/index.ts";
import { aNodeClaim, aNodePool, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { statusEventControllers } from "./controller.ts";

const KEY = { name: "n1" };
const CLASS = { "karpenter.test.sh/testnodeclass": "default" };
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function start(): Promise<void> {
  await harness.start(...statusEventControllers(harness.deps));
}

function is(type: string, status: ConditionStatus, reason = type, message = ""): Condition {
  return { type, status, reason, message, lastTransitionTime: "2026-01-01T00:00:00Z" };
}

async function claimIs(...conditions: readonly Condition[]): Promise<void> {
  await harness.kube.patchStatus(NodeClaims, KEY, { type: "merge", body: { status: { conditions } } });
  await harness.pass(100);
}

/** A claim of which nothing is known yet. */
async function fresh(nodeClassRef: NodeClassRef = TEST_CLASS): Promise<void> {
  harness = new ControllerHarness();
  const claim = aNodeClaim({ name: "n1", conditions: [] });
  await harness.put(NodeClaims, { ...claim, spec: { ...claim.spec, nodeClassRef } });
  await start();
}

describe("events about conditions", () => {
  it("UX-3: each transition is told once, with what it was before", async () => {
    await fresh();
    await claimIs(is("Launched", "Unknown", "LaunchFailed", "the cloud says no"));
    expect(harness.events.texts()).toEqual([]);
    await claimIs(is("Launched", "True"));
    await claimIs(is("Launched", "True"), is("Registered", "False", "MultipleNodesFound", "two of them"));
    expect(harness.events.texts()).toEqual([
      "Normal Launched NodeClaim/n1: Status condition transitioned, Type: Launched, Status: Unknown -> True, Reason: Launched",
      "Normal Registered NodeClaim/n1: Status condition transitioned, Type: Registered, Status: Unknown -> False, Reason: MultipleNodesFound, Message: two of them",
    ]);
  });

  it("UX-3: another reason or message alone is no transition, and neither is a condition that goes", async () => {
    await fresh();
    await claimIs(is("Drifted", "True", "NodePoolDrifted"));
    await claimIs(is("Drifted", "True", "RequirementsDrifted", "more"));
    await claimIs();
    expect(harness.events.withReason("Drifted")).toHaveLength(1);
  });

  it("UX-3: a restart tells nothing of what happened before it", async () => {
    harness = new ControllerHarness();
    await harness.putMachine("n1");
    await harness.put(NodePools, aNodePool());
    await start();
    await harness.pass(60_000);
    expect(harness.events.texts()).toEqual([]);
  });

  it("UX-3: NodePools and Nodes are told of too", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    await harness.putNode({ name: "n1", labels: CLASS });
    await start();
    const ready = { status: { conditions: [is("Ready", "False", "Gone")] } };
    await harness.kube.patchStatus(NodePools, { name: "default" }, { type: "merge", body: ready });
    await harness.kube.patchStatus(Nodes, KEY, { type: "merge", body: ready });
    await harness.pass(100);
    expect(harness.events.withReason("Ready").map(({ resource }) => resource.kind)).toEqual(["NodePool", "Node"]);
  });

  it("UX-3: the end of an object is told when nothing of ours holds it any more", async () => {
    await fresh();
    await harness.kube.patch(NodeClaims, KEY, {
      type: "merge",
      body: { metadata: { finalizers: [TERMINATION_FINALIZER] } },
    });
    await harness.kube.delete(NodeClaims, KEY);
    await harness.pass(100);
    expect(harness.events.texts()).toEqual([]);
    await harness.kube.patch(NodeClaims, KEY, { type: "merge", body: { metadata: { finalizers: null } } });
    await harness.pass(100);
    expect(harness.events.texts()).toEqual(["Normal Finalized NodeClaim/n1: Finalized karpenter.sh/termination"]);
  });

  it("a namesake is another object", async () => {
    await fresh();
    await harness.kube.delete(NodeClaims, KEY);
    await harness.put(NodeClaims, aNodeClaim({ name: "n1" }));
    await harness.pass(100);
    expect(harness.events.texts()).toEqual([]);
  });

  it("NP-1: of another autoscaler's objects nothing is told", async () => {
    await fresh({ ...TEST_CLASS, group: "other.example.com" });
    await claimIs(is("Launched", "True"));
    await harness.putNode({ name: "foreign", nodePool: "" });
    await harness.pass(100);
    const ready = { status: { conditions: [is("Ready", "False")] } };
    await harness.kube.patchStatus(Nodes, { name: "foreign" }, { type: "merge", body: ready });
    await harness.pass(100);
    expect(harness.events.texts()).toEqual([]);
  });
});
