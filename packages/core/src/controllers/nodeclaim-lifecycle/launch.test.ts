// Launching a claim when something goes wrong in the middle.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, TERMINATION_FINALIZER } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { CreateFailed, QuotaExceeded, Transient } from "../../provider/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { CLAIM_KEY, freshClaim, LifecycleHarness } from "../../testing/lifecycle-harness.ts";
import type { KubeCall } from "../../testing/index.ts";
import { seconds } from "../../units/index.ts";
import { nodeClaimLifecycleController } from "./controller.ts";
import { LaunchCache } from "./launch.ts";

const MINUTE = 60_000;
const FINALIZERS = [TERMINATION_FINALIZER];
let harness: LifecycleHarness;
afterEach(() => harness.stop());

/** The first status, that it waits, is stored; what comes after the cloud's answer is not. */
function loseWhatTheCloudAnswered({ phase, verb }: KubeCall): void {
  const answered = harness.provider.machines.size > 0;
  if (answered && phase === "before" && verb === "patchStatus") {
    throw new KubeError(500, "InternalError", "etcd is busy");
  }
}

describe("launching", () => {
  it("LC-13: while the finalizer cannot be stored, the cloud is not called", async () => {
    harness = await LifecycleHarness.with();
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patch") throw new KubeError(500, "InternalError", "etcd is busy");
    };
    await harness.begin(MINUTE);
    expect(harness.provider.calls).toEqual([]);
    harness.kube.faults = undefined;
    await harness.pass(2 * MINUTE);
    expect((await harness.condition("Launched"))?.status).toBe("True");
  });

  it("LC-3: a machine is launched since the cloud's answer, not since the question", async () => {
    harness = await LifecycleHarness.with();
    const { provider, clock } = harness;
    const create = provider.create.bind(provider);
    provider.create = async (asked) => {
      await clock.sleep(seconds(40));
      return await create(asked);
    };
    const asked = clock.now();
    await harness.begin(MINUTE);
    const { lastTransitionTime = "" } = (await harness.condition("Launched")) ?? {};
    expect(Date.parse(lastTransitionTime) - asked).toBe(seconds(40));
  });

  it("UX-2: while the cloud still thinks, the claim shows what it waits for, since its creation", async () => {
    harness = await LifecycleHarness.with();
    const create = harness.provider.create.bind(harness.provider);
    harness.provider.create = async (asked) => {
      await harness.clock.sleep(seconds(55));
      return await create(asked);
    };
    await harness.begin(1000);
    const { creationTimestamp } = (await harness.claim())?.metadata ?? {};
    for (const type of ["Launched", "Registered", "Initialized"]) {
      const { status, reason, lastTransitionTime } = (await harness.condition(type)) ?? {};
      expect([status, reason, lastTransitionTime]).toEqual(["Unknown", "AwaitingReconciliation", creationTimestamp]);
    }
    expect(await harness.condition("Ready")).toMatchObject({ status: "Unknown", reason: "AwaitingReconciliation" });
    await harness.pass(MINUTE);
    expect((await harness.condition("Launched"))?.status).toBe("True");
  });

  it("UX-2: a claim whose conditions could not be shown gets its machine once they could, and no second one", async () => {
    harness = await LifecycleHarness.with();
    let refused = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus" && refused++ < 2) throw new KubeError(409, "Conflict", "later");
    };
    await harness.begin(MINUTE);
    expect(refused).toBeGreaterThan(2);
    expect(harness.provider.calls).toEqual(["create default-1"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("TC-24, LC-13: a conflict on the finalizer is tried again without an error", async () => {
    harness = await LifecycleHarness.with();
    let conflicts = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patch" && conflicts++ === 0) throw new KubeError(409, "Conflict", "later");
    };
    await harness.begin(5000);
    expect(harness.provider.calls).toEqual(["create default-1"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("TC-72, RT-15, RT-21: ten writers are quicker with finalizers of their own; each try reads again and none is lost", async () => {
    harness = await LifecycleHarness.with();
    const foreign = Array.from({ length: 10 }, (_, index) => `example.com/f${index}`);
    const added: string[] = [];
    let isForeign = false;
    harness.kube.faults = async ({ phase, verb, key }) => {
      const next = foreign[added.length];
      if (isForeign || next === undefined || phase !== "before" || verb !== "patch" || key?.name !== CLAIM_KEY.name)
        return;
      added.push(next);
      isForeign = true;
      const finalizers = [...((await harness.claim())?.metadata.finalizers ?? []), next];
      await harness.kube.patch(NodeClaims, CLAIM_KEY, { type: "merge", body: { metadata: { finalizers } } });
      isForeign = false;
    };
    await harness.begin(10 * MINUTE);
    expect(added).toEqual(foreign);
    expect((await harness.claim())?.metadata.finalizers).toEqual([...foreign, TERMINATION_FINALIZER]);
    expect(harness.provider.calls).toEqual(["create default-1"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("LC-18: a quota that is used up is handled like missing capacity", async () => {
    harness = await LifecycleHarness.with();
    harness.provider.failures.create.push(new QuotaExceeded("20 of 20 instances used"));
    await harness.begin(1000);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.events.texts()).toEqual([
      "Warning InsufficientCapacityError NodeClaim/default-1: 20 of 20 instances used",
    ]);
  });

  it("TC-28, LC-20: a text of 500 characters is cut to 300 and three dots", async () => {
    harness = await LifecycleHarness.with();
    harness.provider.failures.create.push(new Transient("x".repeat(500)));
    await harness.begin();
    expect(await harness.condition("Launched")).toMatchObject({
      reason: "LaunchFailed",
      message: `${"x".repeat(300)}...`,
    });
  });

  it("LC-20: what the cloud names as the cause is the reason of the condition", async () => {
    harness = await LifecycleHarness.with();
    harness.provider.failures.create.push(new CreateFailed("no such image", { conditionReason: "ImageNotFound" }));
    await harness.begin();
    expect(await harness.condition("Launched")).toMatchObject({ status: "Unknown", reason: "ImageNotFound" });
  });

  it("TC-23, LC-13: the finalizer is the first write, and the cloud is called when it is acknowledged", async () => {
    harness = await LifecycleHarness.with();
    const order: string[] = [];
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (verb !== "list" && verb !== "watch") order.push(`${phase} ${verb} ${resource.kind}`);
    };
    const create = harness.provider.create.bind(harness.provider);
    harness.provider.create = async (given) => {
      const finalizers = (await harness.stored(NodeClaims, CLAIM_KEY))?.metadata.finalizers;
      order.push(`create with ${finalizers?.join()}`);
      return await create(given);
    };
    await harness.begin();
    expect(order.filter((each) => !each.includes(" get ")).slice(0, 7)).toEqual([
      "before patch NodeClaim",
      "after patch NodeClaim",
      "before patchStatus NodeClaim",
      "after patchStatus NodeClaim",
      `create with ${TERMINATION_FINALIZER}`,
      "before patch NodeClaim",
      "after patch NodeClaim",
    ]);
  });

  it("LC-14: a step that fails does not keep the others from running, and what they found is stored", async () => {
    harness = await LifecycleHarness.with();
    harness.provider.failures.create.push(new Transient("the cloud answered 503"));
    await harness.begin();
    expect((await harness.condition("Launched"))?.reason).toBe("LaunchFailed");
    expect(await harness.condition("Registered")).toMatchObject({ status: "Unknown", reason: "NodeNotFound" });
    expect(harness.logger.find("Reconciler error")?.fields["error"]).toBeInstanceOf(Transient);
  });

  it("LC-17: own labels win over the cloud's, the cloud's annotations over own ones; the rest is copied", async () => {
    const given = freshClaim();
    const labels = { ...given.metadata.labels, team: "own" };
    harness = await LifecycleHarness.with({
      ...given,
      metadata: { ...given.metadata, labels, annotations: { note: "own", mine: "kept" } },
    });
    const create = harness.provider.create.bind(harness.provider);
    harness.provider.create = async (asked) => {
      const { metadata, status, ...rest } = await create(asked);
      return {
        ...rest,
        metadata: {
          ...metadata,
          labels: { ...metadata.labels, team: "cloud", rack: "7" },
          annotations: { ...metadata.annotations, note: "cloud" },
        },
        status: { ...status, imageID: "image-1" },
      };
    };
    await harness.begin();
    const stored = await harness.claim();
    expect(stored?.metadata.labels).toMatchObject({ team: "own", rack: "7" });
    expect(stored?.metadata.annotations).toMatchObject({ note: "cloud", mine: "kept" });
    expect(stored?.status).toMatchObject({
      providerID: "fake:///1",
      imageID: "image-1",
      capacity: { cpu: "4" },
      allocatable: { cpu: "4" },
    });
    expect(harness.logger.find("launched nodeclaim")?.fields).toMatchObject({
      NodeClaim: "default-1",
      "provider-id": "fake:///1",
      "instance-type": "m.4",
      zone: "test-zone-1",
      "capacity-type": "on-demand",
      allocatable: { cpu: "4" },
    });
  });

  it("RT-30: a restart between the cloud's answer and our writing it down leads to the same machine", async () => {
    harness = await LifecycleHarness.with();
    harness.kube.faults = loseWhatTheCloudAnswered;
    await harness.begin();
    expect(harness.provider.machines.size).toBe(1);
    harness.kube.faults = undefined;
    const second = nodeClaimLifecycleController(harness.deps);
    const context = { signal: new AbortController().signal, reconcileId: "restart" };
    await second.reconcile(CLAIM_KEY.name, context);
    expect(harness.provider.machines.size).toBe(1);
    expect((await harness.claim())?.status?.providerID).toBe("fake:///1");
  });

  it("LC-38, ours: a machine whose launch could not be written down is given back when the claim is deleted", async () => {
    harness = await LifecycleHarness.with();
    harness.kube.faults = loseWhatTheCloudAnswered;
    await harness.begin();
    expect(harness.provider.machines.size).toBe(1);
    expect((await harness.claim())?.status?.providerID).toBeUndefined();
    await harness.kube.delete(NodeClaims, CLAIM_KEY);
    await harness.pass(5000);
    harness.kube.faults = undefined;
    await harness.pass(2 * MINUTE);
    expect(harness.provider.machines.size).toBe(0);
    expect(await harness.claim()).toBeUndefined();
  });

  it("a claim that is deleted while the cloud works is launched to its end and then given back", async () => {
    harness = await LifecycleHarness.with();
    const create = harness.provider.create.bind(harness.provider);
    harness.provider.create = async (given) => {
      const answer = await create(given);
      await harness.kube.delete(NodeClaims, CLAIM_KEY);
      return answer;
    };
    await harness.begin(2 * MINUTE);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
  });

  it("observe mode: a claim that is there already is not launched, and not written to", async () => {
    harness = await LifecycleHarness.with(
      { ...freshClaim(), metadata: { ...freshClaim().metadata, finalizers: FINALIZERS } },
      { settings: { mode: "observe" } },
    );
    await harness.begin(20 * MINUTE);
    expect(harness.provider.calls).toEqual([]);
    expect(await harness.claim()).toBeDefined();
    expect((await harness.condition("Launched"))?.reason).not.toBe("LaunchFailed");
    expect(harness.logger.messages("error")).toEqual([]);
    expect(harness.logger.find("giving up nodeclaim")).toBeUndefined();
  });

  it("observe mode: a fresh claim does not even get its finalizer", async () => {
    harness = await LifecycleHarness.with(freshClaim(), { settings: { mode: "observe" } });
    await harness.begin(MINUTE);
    expect((await harness.claim())?.metadata.finalizers).toBeUndefined();
    expect(harness.provider.calls).toEqual([]);
  });
});

describe("what is remembered of launches", () => {
  it("LC-16: the cloud's answer is kept for an hour, for the claim with that UID", () => {
    const cache = new LaunchCache();
    const answer = aNodeClaim({ name: CLAIM_KEY.name });
    const now = 1_000_000;
    cache.launched("uid-1", answer, now);
    expect(cache.answer("uid-1", now + 60 * MINUTE - 1)).toBe(answer);
    expect(cache.answer("uid-2", now)).toBeUndefined();
    expect(cache.answer("uid-1", now + 60 * MINUTE)).toBeUndefined();
  });
});
