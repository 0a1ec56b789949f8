import { afterEach, describe, expect, it } from "vitest";
import { getCondition, NodeClaims, type ConditionFamily, type NodeClass } from "../../api/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { ControllerHarness, TestNodeClasses } from "../../testing/controller-harness.ts";
import { hours, minutes } from "../../units/index.ts";
import { nodeClassStatusController, type NodeClassStatusParts } from "./controller.ts";
import { conditionFalse, conditionTrue, conditionUnknown, type Inspection } from "./finding.ts";
import { problemReporter } from "./problem-reporter.ts";
import { RecentTroubles } from "./recent-troubles.ts";

const FINALIZER = "karpenter.test.sh/termination";
const KEY = { name: "default" };
const FAMILY: ConditionFamily = { root: "Ready", dependents: ["KeyReady", "ImagesReady"] };
const READY = [conditionTrue("KeyReady"), conditionTrue("ImagesReady")];
const SILENCE = [conditionTrue("KeyReady"), conditionUnknown("ImagesReady", new Error("no answer"), "NotChecked")];

let harness: ControllerHarness;
let found: Inspection;
afterEach(() => harness.stop());

async function begin(over: Partial<NodeClassStatusParts<NodeClass>> = {}): Promise<void> {
  harness = new ControllerHarness();
  found = { findings: READY, status: {} };
  await harness.put(TestNodeClasses, {
    apiVersion: "karpenter.test.sh/v1",
    kind: "TestNodeClass",
    metadata: KEY,
    spec: { image: "a" },
  });
  const rules = {
    conditions: FAMILY,
    finalizer: FINALIZER,
    fingerprint: () => ({ "karpenter.test.sh/hash": "1234" }),
    orderingCondition: "ImagesReady",
    lookEvery: minutes(1),
    readyWithoutAnswer: minutes(15),
  };
  const inspector = { inspect: async (): Promise<Inspection> => found };
  await harness.start(nodeClassStatusController(TestNodeClasses, { ...harness.deps, rules, inspector, ...over }));
  await harness.pass(100);
}

async function nodeClass(): Promise<NodeClass> {
  return await harness.kube.get(TestNodeClasses, KEY);
}

async function condition(type: string): Promise<string | undefined> {
  const one = getCondition(await nodeClass(), type);
  return one && `${one.status} ${one.reason ?? ""}`;
}

describe("nodeclass.status", () => {
  it("marks a class with finalizer and fingerprint, and says that it is ready", async () => {
    await begin();
    const { metadata } = await nodeClass();
    expect(metadata).toMatchObject({ finalizers: [FINALIZER], annotations: { "karpenter.test.sh/hash": "1234" } });
    expect(await condition("Ready")).toBe("True Ready");
  });

  it("keeps a class ready while the cloud does not answer, and no longer than the rules allow", async () => {
    await begin();
    found = { findings: SILENCE, status: {} };
    await harness.pass(13 * 60_000);
    expect(await condition("ImagesReady")).toBe("True ImagesReady");
    await harness.pass(4 * 60_000);
    expect(await condition("ImagesReady")).toBe("Unknown NotChecked");
  });

  it("tells that the kind's definition cuts the status off, and keeps telling", async () => {
    await begin();
    // The kind of these tests keeps conditions only.
    found = { findings: READY, status: { zones: ["a"] } };
    await harness.pass(60_000);
    expect(await condition("ImagesReady")).toBe("False OutdatedCRD");
    expect(await condition("Ready")).toBe("False UnhealthyDependents");
    await harness.pass(60_000);
    expect(await condition("ImagesReady")).toBe("False OutdatedCRD");
  });

  it("tells what is worth an event, and leaves an hour before it is told again", async () => {
    await begin({
      inspector: {
        inspect: async () => ({ findings: READY, status: {}, remarks: [{ reason: "Odd", message: "a thing" }] }),
      },
    });
    expect(harness.events.withReason("Odd")).toEqual([expect.objectContaining({ dedupeFor: hours(1) })]);
  });

  it("holds a deleted class while claims of its kind use it, then asks before it goes", async () => {
    const asked: boolean[] = [];
    await begin({
      leave: async (_, { isLast }) => {
        asked.push(isLast);
        return asked.length === 1 ? minutes(1) : undefined;
      },
    });
    await harness.put(NodeClaims, aNodeClaim({ name: "n1" }));
    await harness.kube.delete(TestNodeClasses, KEY);
    await harness.pass(100);
    expect(harness.events.withReason("WaitingOnNodeClaimTermination")).toHaveLength(1);
    expect(asked).toEqual([]);
    const body = { metadata: { finalizers: null } };
    await harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body });
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await harness.pass(100);
    expect((await nodeClass()).metadata.finalizers).toEqual([FINALIZER]);
    await harness.pass(60_000);
    expect(asked).toEqual([true, true]);
    expect(await harness.stored(TestNodeClasses, KEY)).toBeUndefined();
  });
});

describe("a problem that a launch shows", () => {
  it("takes readiness away at once, and the next look lifts it", async () => {
    await begin();
    const report = problemReporter(TestNodeClasses, {
      ...harness.deps,
      conditions: FAMILY,
      problemOf: () => conditionFalse("KeyReady", "Unauthorized", "the key was refused"),
    });
    await report(await nodeClass(), new Error("refused"), new AbortController().signal);
    expect(await condition("KeyReady")).toBe("False Unauthorized");
    expect(await condition("Ready")).toBe("False UnhealthyDependents");
    await harness.pass(60_000);
    expect(await condition("Ready")).toBe("True Ready");
  });

  it("is remembered for a minute, for its account alone", async () => {
    await begin();
    const troubles = new RecentTroubles(harness.clock);
    const finding = conditionFalse("KeyReady", "Unauthorized", "the key was refused");
    troubles.note("a", finding);
    await harness.pass(59_000);
    expect(troubles.recent("a")).toBe(finding);
    expect(troubles.recent("b")).toBeUndefined();
    await harness.pass(1_000);
    expect(troubles.recent("a")).toBeUndefined();
  });
});
