import { describe, expect, it } from "vitest";
import { conditionsOf, ConditionSet, getCondition, isConditionTrue } from "./conditions.ts";
import type { ConditionedObject } from "./conditions.ts";
import type { ObjectMeta, Condition } from "./meta.ts";
import { toRfc3339 } from "./time.ts";

const CREATED = "2026-01-31T08:00:00Z";
const NOW = Date.parse("2026-01-31T08:05:00Z");
const LATER = Date.parse("2026-01-31T08:06:30Z");

function claim(conditions?: readonly Condition[], metadata: Partial<ObjectMeta> = {}): ConditionedObject {
  return {
    metadata: { name: "a", creationTimestamp: CREATED, generation: 1, ...metadata },
    ...(conditions === undefined ? {} : { status: { conditions } }),
  };
}

function launched(): ConditionSet {
  return ConditionSet.forNodeClaim(claim(), NOW).set("Launched", "True");
}

function ready(): ConditionSet {
  return launched().set("Registered", "True").set("Initialized", "True");
}

function at(set: ConditionSet, nowMs: number, metadata: Partial<ObjectMeta> = {}): ConditionSet {
  return ConditionSet.forNodeClaim(claim(set.toList(), metadata), nowMs);
}

describe("ConditionSet", () => {
  it("LC-2: a missing root or dependent is Unknown since the object's creation", () => {
    const set = ConditionSet.forNodeClaim(claim(), NOW);
    expect(set.toList()).toEqual(
      ["Launched", "Registered", "Initialized", "Ready"].map((type) => ({
        type,
        status: "Unknown",
        reason: "AwaitingReconciliation",
        message: "object is awaiting reconciliation",
        lastTransitionTime: CREATED,
        observedGeneration: 1,
      })),
    );
    expect(set.changed).toBe(true);
    expect(set.get("Drifted")).toBeUndefined();
  });

  it("LC-2: an independent condition starts now", () => {
    const set = ConditionSet.forNodeClaim(claim(), NOW).set("Drifted", "True", "NodePoolDrifted");
    expect(set.get("Drifted")).toMatchObject({ lastTransitionTime: "2026-01-31T08:05:00Z", reason: "NodePoolDrifted" });
  });

  it("LC-3: the time moves with the status only", () => {
    const set = ConditionSet.forNodeClaim(claim(), NOW).set("Launched", "Unknown", "LaunchFailed", "no quota");
    expect(set.get("Launched")).toMatchObject({
      reason: "LaunchFailed",
      message: "no quota",
      lastTransitionTime: CREATED,
    });
    expect(set.set("Launched", "True").get("Launched")?.lastTransitionTime).toBe("2026-01-31T08:05:00Z");
  });

  it("LC-3: a change that comes later has its own time", () => {
    const set = ConditionSet.forNodeClaim(claim(), NOW).at(LATER).set("Launched", "True");
    const first = ConditionSet.forNodeClaim(claim(), NOW).set("Launched", "True");
    expect(set.get("Launched")?.lastTransitionTime).toBe(toRfc3339(LATER));
    expect(first.at(LATER).set("Registered", "True").get("Launched")).toEqual(first.get("Launched"));
    expect(first.at(LATER).changed).toBe(true);
  });

  it("LC-3: an identical condition changes nothing", () => {
    const stored = at(ready(), LATER);
    expect(stored.changed).toBe(false);
    expect(stored.set("Launched", "True")).toBe(stored);
    expect(stored.set("Launched", "True", "Launched", "").changed).toBe(false);
    expect(stored.set("Launched", "False", "Gone").changed).toBe(true);
  });

  it("LC-3: setting takes over the object's generation", () => {
    const set = at(ready(), LATER, { generation: 2 }).set("Launched", "True");
    expect(set.get("Launched")).toMatchObject({ observedGeneration: 2, lastTransitionTime: "2026-01-31T08:05:00Z" });
    expect(set.get("Registered")?.observedGeneration).toBe(1);
  });

  it("LC-3: while the object is deleting, every other condition takes it over too", () => {
    const deleting = at(ready(), LATER, { generation: 2, deletionTimestamp: "2026-01-31T08:06:00Z" });
    const set = deleting.set("InstanceTerminating", "True");
    expect(set.toList().map(({ observedGeneration }) => observedGeneration)).toEqual([2, 2, 2, 2, 2]);
    expect(set.is("Ready", "True")).toBe(true);
  });

  it("LC-4: True has the type as reason and no message; a reason of one's own keeps the message empty", () => {
    expect(launched().get("Launched")).toMatchObject({ reason: "Launched", message: "" });
    expect(launched().set("Drifted", "True", "NodePoolDrifted").get("Drifted")?.message).toBe("");
    expect(launched().set("Drained", "Unknown", "Draining").get("Drained")).toMatchObject({
      reason: "Draining",
      message: "",
    });
  });

  it("LC-5: the root is True when all dependents are", () => {
    const set = ready();
    expect(set.root).toMatchObject({
      status: "True",
      reason: "Ready",
      message: "",
      lastTransitionTime: "2026-01-31T08:05:00Z",
    });
  });

  it("LC-5: the root is Unknown while a dependent is, naming the newest transition first", () => {
    expect(launched().get("Ready")).toMatchObject({
      status: "Unknown",
      reason: "ReconcilingDependents",
      message: "Registered=Unknown, Initialized=Unknown",
      lastTransitionTime: CREATED,
    });
    const back = at(ready(), LATER).set("Registered", "Unknown", "NodeNotFound");
    const both = at(back, LATER + 60_000).set("Initialized", "Unknown", "NodeNotReady");
    expect(both.get("Ready")?.message).toBe("Initialized=Unknown, Registered=Unknown");
  });

  it("LC-5: the root is False when a dependent is False at the current generation", () => {
    expect(launched().set("Registered", "False", "MultipleNodesFound").get("Ready")).toMatchObject({
      status: "False",
      reason: "UnhealthyDependents",
      message: "Registered=False, Initialized=Unknown",
    });
  });

  it("LC-5: a dependent of an older generation makes the root Unknown, even when it is False", () => {
    const failed = launched().set("Registered", "False", "MultipleNodesFound");
    const set = at(failed, LATER, { generation: 2 }).set("Launched", "True");
    expect(set.get("Ready")).toMatchObject({ status: "Unknown", reason: "ReconcilingDependents" });
    const refreshed = set.refresh("Registered");
    expect(refreshed.is("Ready", "False")).toBe(true);
    expect(refreshed.get("Registered")).toMatchObject({ reason: "MultipleNodesFound", observedGeneration: 2 });
  });

  it("LC-6: sorts by transition, oldest first, root last", () => {
    const set = at(ready(), LATER).set("Drifted", "True", "NodePoolDrifted").set("Launched", "False", "Gone");
    expect(set.toList().map(({ type }) => type)).toEqual(["Registered", "Initialized", "Drifted", "Launched", "Ready"]);
  });

  it("LC-7: dependents and the root cannot be removed, independents can", () => {
    const set = launched().set("Drifted", "True");
    expect(() => set.clear("Launched")).toThrow("condition Launched cannot be removed");
    expect(() => set.clear("Ready")).toThrow("condition Ready cannot be removed");
    expect(set.clear("Drifted").get("Drifted")).toBeUndefined();
    expect(set.clear("Consolidatable")).toBe(set);
  });

  it("leaves the set it was called on as it was", () => {
    const before = ConditionSet.forNodeClaim(claim(), NOW);
    before.set("Launched", "True");
    expect(before.is("Launched", "Unknown")).toBe(true);
  });

  it("NP-8: a NodePool is ready when it is valid and its NodeClass is ready, whatever the registrations", () => {
    const set = ConditionSet.forNodePool(claim(), NOW)
      .set("ValidationSucceeded", "True")
      .set("NodeClassReady", "True")
      .set("NodeRegistrationHealthy", "False", "RegistrationFailed");
    expect(set.is("Ready", "True")).toBe(true);
  });

  it("reads a family of one's own", () => {
    const set = ConditionSet.of(claim(), { root: "Ready", dependents: ["ImagesReady"] }, NOW).set(
      "ImagesReady",
      "True",
    );
    expect(set.toList().map(({ type, status }) => `${type}=${status}`)).toEqual(["ImagesReady=True", "Ready=True"]);
  });
});

describe("stored conditions", () => {
  it("are read without creating any", () => {
    expect(conditionsOf(claim())).toEqual([]);
    const stored = claim(ready().toList());
    expect(getCondition(stored, "Launched")?.status).toBe("True");
    expect(getCondition(stored, "Drifted")).toBeUndefined();
    expect([isConditionTrue(stored, "Ready"), isConditionTrue(claim(), "Ready")]).toEqual([true, false]);
  });
});
