// Scenarios of docs/reference/upstream-parity.md: E-28, E-41.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, PodDisruptionBudgets, Pods, type Pod } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { silentMetrics, type Metrics } from "../../telemetry/index.ts";
import { aPdb, aPod, type PodOptions } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { EvictionQueue } from "./eviction-queue.ts";

const KEY = { namespace: "default", name: "web" };
let harness: ControllerHarness;
let queue: EvictionQueue;
afterEach(() => harness.stop());

async function podOnNode(options: PodOptions = {}): Promise<Pod> {
  harness = new ControllerHarness();
  await harness.putMachine("n1");
  await harness.putPod(aPod({ name: "web", nodeName: "n1", labels: { app: "web" }, ...options }));
  queue = new EvictionQueue(harness.deps);
  return (await harness.stored(Pods, KEY)) ?? aPod();
}

async function start(): Promise<void> {
  await harness.start(queue.controller());
}

async function isEnding(): Promise<boolean> {
  return (await harness.stored(Pods, KEY))?.metadata.deletionTimestamp !== undefined;
}

/** Verbs that were sent, in order. */
function sent(): string[] {
  const verbs: string[] = [];
  harness.kube.faults = ({ phase, verb }) => {
    if (phase === "before" && (verb === "evict" || verb === "delete")) verbs.push(verb);
  };
  return verbs;
}

describe("eviction-queue", () => {
  it("D-173: evicts and says so on the pod", async () => {
    const pod = await podOnNode();
    await start();
    queue.add([pod], undefined, "Empty");
    await harness.pass(100);
    expect(await isEnding()).toBe(true);
    expect(harness.events.texts()).toEqual(["Normal Evicted Pod/web: Evicted pod: Empty"]);
  });

  it("what was added before the controller ran is not forgotten", async () => {
    const pod = await podOnNode();
    queue.add([pod], undefined, "Empty");
    await start();
    await harness.pass(100);
    expect(await isEnding()).toBe(true);
  });

  it("DT-117, D-173: a used-up budget is told on the Node and asked again, until it lets go", async () => {
    const pod = await podOnNode();
    await harness.put(PodDisruptionBudgets, aPdb({ selector: { matchLabels: { app: "web" } }, disruptionsAllowed: 0 }));
    await start();
    queue.add([pod], undefined, "Empty");
    await harness.pass(30_000);
    expect(await isEnding()).toBe(false);
    expect(harness.events.texts()[0]).toMatch(
      /^Warning FailedDraining Node\/n1: pod default\/web cannot be evicted: .*disruption budget/,
    );
    const body = { status: { disruptionsAllowed: 1, observedGeneration: 1 } };
    await harness.kube.patchStatus(
      PodDisruptionBudgets,
      { namespace: "default", name: "pdb" },
      { type: "merge", body },
    );
    await harness.pass(11_000);
    expect(await isEnding()).toBe(true);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("DT-118, D-173: several budgets on one pod are told the same way", async () => {
    const pod = await podOnNode();
    for (const name of ["a", "b"]) await harness.put(PodDisruptionBudgets, aPdb({ name }));
    await start();
    queue.add([pod], undefined, "Empty");
    await harness.pass(1000);
    expect(harness.events.texts()[0]).toContain("more than one PodDisruptionBudget");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("D-172: a protected pod is not evicted before its protection ends", async () => {
    const pod = await podOnNode({ annotations: { [Annotation.DoNotDisrupt]: "true" } });
    await start();
    const verbs = sent();
    queue.add([pod], undefined, "Empty");
    await harness.pass(60_000);
    expect(verbs).toEqual([]);
    const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: null } } };
    await harness.kube.patch(Pods, KEY, { type: "merge", body });
    await harness.pass(11_000);
    expect(verbs).toEqual(["evict"]);
  });

  it("DT-121, D-171: a namesake with another uid is never evicted", async () => {
    const pod = await podOnNode({ spec: { terminationGracePeriodSeconds: 0 } });
    await start();
    await harness.podEnds(KEY);
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.pass(0);
    const verbs = sent();
    queue.add([pod], undefined, "Empty");
    await harness.pass(1000);
    expect(verbs).toEqual([]);
  });

  it("D-171: nor when it takes the place between our look and the eviction", async () => {
    const pod = await podOnNode();
    await start();
    harness.kube.faults = async ({ phase, verb }) => {
      if (phase !== "before" || verb !== "evict") return;
      harness.kube.faults = undefined;
      await harness.podEnds(KEY);
      await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    };
    queue.add([pod], undefined, "Empty");
    await harness.pass(1000);
    expect(harness.kube.faults).toBeUndefined();
    expect(await isEnding()).toBe(false);
    expect(harness.events.texts()).toEqual([]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("D-171, D-174: nor is it deleted by force when it takes the place in between", async () => {
    const pod = await podOnNode();
    await start();
    harness.kube.faults = async ({ phase, verb }) => {
      if (phase !== "before" || verb !== "delete") return;
      harness.kube.faults = undefined;
      await harness.podEnds(KEY);
      await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    };
    queue.add([pod], harness.clock.now(), "Forceful Termination");
    await harness.pass(1000);
    expect(harness.kube.faults).toBeUndefined();
    expect(await isEnding()).toBe(false);
    expect(harness.events.texts()).toEqual([]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("D-173: any other error is logged and tried again", async () => {
    const pod = await podOnNode();
    await start();
    let refused = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "evict" && refused++ < 2) throw new KubeError(403, "Forbidden", "not yours");
    };
    queue.add([pod], undefined, "Empty");
    await harness.pass(5000);
    expect(await isEnding()).toBe(true);
    expect(harness.logger.messages("error")).toHaveLength(2);
  });

  it("D-173: a 500 that speaks of no budgets is such an error, and nobody is told of budgets", async () => {
    const pod = await podOnNode();
    await start();
    let refused = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "evict" && refused++ < 1)
        throw new KubeError(500, "InternalError", "no quorum");
    };
    queue.add([pod], undefined, "Empty");
    await harness.pass(5000);
    expect(await isEnding()).toBe(true);
    expect(harness.logger.messages("error")).toHaveLength(1);
    expect(harness.events.withReason("FailedDraining")).toEqual([]);
  });

  it("DM-23, D-173: each coded answer is counted with its code, a call without an answer is not", async () => {
    const pod = await podOnNode();
    const codes: (string | undefined)[] = [];
    const metrics: Metrics = {
      ...silentMetrics,
      count: (name, labels = {}) => void (name.endsWith("eviction_requests_total") && codes.push(labels["code"])),
    };
    queue = new EvictionQueue({ ...harness.deps, metrics });
    await start();
    const answers = [
      new KubeError(0, "Unknown", "no answer: socket hang up"),
      new KubeError(429, "TooManyRequests", "disruption budget"),
    ];
    harness.kube.faults = ({ phase, verb }) => {
      const answer = phase === "before" && verb === "evict" ? answers.shift() : undefined;
      if (answer) throw answer;
    };
    queue.add([pod], undefined, "Empty");
    await harness.pass(5000);
    expect(codes).toEqual(["429", "200"]);
  });

  it("E-11 to E-13, D-183: what is told of a pod does not silence what is told of its namesake", async () => {
    const pod = await podOnNode();
    await harness.put(PodDisruptionBudgets, aPdb({ selector: { matchLabels: { app: "web" } }, disruptionsAllowed: 0 }));
    await start();
    queue.add([pod], undefined, "Empty");
    await harness.pass(1000);
    queue.add([pod], harness.clock.now(), "Empty");
    await harness.pass(1000);
    const { uid } = pod.metadata;
    const node = harness.events.notes[0]?.object.metadata.uid;
    expect(new Set(harness.events.notes.map(({ dedupeKey }) => dedupeKey))).toEqual(
      new Set([`FailedDraining/${node}/${uid}`, `Disrupted/${uid}`]),
    );
    expect(harness.events.notes.at(-1)).toMatchObject({
      type: "Normal",
      reason: "Disrupted",
      object: { metadata: { uid } },
    });
  });

  it("D-174: past the deadline a pod is deleted with what is left, past budget and protection", async () => {
    const pod = await podOnNode({
      annotations: { [Annotation.DoNotDisrupt]: "true" },
      spec: { terminationGracePeriodSeconds: 3600 },
    });
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await start();
    queue.add([pod], harness.clock.now() + 90_500, "Forceful Termination");
    await harness.pass(100);
    expect((await harness.stored(Pods, KEY))?.metadata.deletionGracePeriodSeconds).toBe(90);
    expect(harness.events.withReason("Disrupted")).toHaveLength(1);
  });

  it("DT-125: a pod that ends too late is deleted again, with what is left", async () => {
    const pod = await podOnNode({ spec: { terminationGracePeriodSeconds: 6000 } });
    await harness.kube.delete(Pods, KEY);
    await start();
    const ending = (await harness.stored(Pods, KEY)) ?? pod;
    queue.add([ending], harness.clock.now() + 210_000, "Forceful Termination");
    await harness.pass(100);
    const { deletionTimestamp = "" } = (await harness.stored(Pods, KEY))?.metadata ?? {};
    const left = (Date.parse(deletionTimestamp) - harness.clock.now()) / 1000;
    expect(left).toBeGreaterThan(200);
    expect(left).toBeLessThanOrEqual(210);
  });

  it("DT-126: the earliest deadline counts, and a pod that is gone is asked for once", async () => {
    const pod = await podOnNode({ annotations: { [Annotation.DoNotDisrupt]: "true" } });
    await start();
    const deadline = harness.clock.now() + 60_000;
    queue.add([{ ...pod, spec: { ...pod.spec, terminationGracePeriodSeconds: 30 } }], deadline, "Empty");
    queue.add([pod], deadline + 3_600_000, "Empty");
    queue.add([pod], undefined, "Empty");
    const body = { spec: { terminationGracePeriodSeconds: 30 } };
    await harness.kube.patch(Pods, KEY, { type: "merge", body });
    let refused = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase !== "before" || verb !== "delete") return;
      refused++;
      throw new KubeError(404, "NotFound", "it is gone");
    };
    await harness.pass(29_000);
    expect(refused).toBe(0);
    await harness.pass(60_000);
    expect(refused).toBe(1);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("DT-130: drained pods are counted by the reason their node had", async () => {
    const pod = await podOnNode();
    const counted: string[] = [];
    const metrics: Metrics = {
      ...silentMetrics,
      count: (name, labels = {}) => counted.push(`${name} ${labels["reason"] ?? labels["code"]}`),
    };
    queue = new EvictionQueue({ ...harness.deps, metrics });
    await start();
    queue.add([pod], undefined, "Underutilized");
    await harness.pass(1000);
    expect(counted).toEqual([
      "karpenter_pods_eviction_requests_total 200",
      "karpenter_pods_drained_total Underutilized",
    ]);
  });

  it("DT-125, D-174: at least one second is left, even long after the deadline", async () => {
    const pod = await podOnNode();
    await start();
    queue.add([pod], harness.clock.now() - 60_000, "Forceful Termination");
    await harness.pass(100);
    expect((await harness.stored(Pods, KEY))?.metadata.deletionGracePeriodSeconds).toBe(1);
  });

  it("D-174: a pod that cannot end any sooner is not deleted over and over", async () => {
    const pod = await podOnNode();
    await start();
    const verbs = sent();
    for (let i = 0; i < 5; i++) {
      queue.add([pod], harness.clock.now() - 60_000, "Forceful Termination");
      await harness.pass(1000);
    }
    expect(verbs).toEqual(["delete"]);
  });

  it("D-176: a pod that waits behind a budget is forced within ten seconds of its time", async () => {
    const pod = await podOnNode({ spec: { terminationGracePeriodSeconds: 30 } });
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await start();
    queue.add([pod], harness.clock.now() + 120_000, "Empty");
    await harness.pass(89_000);
    expect(await isEnding()).toBe(false);
    await harness.pass(12_000);
    expect(await isEnding()).toBe(true);
  });

  it("D-176: when it is added again at that moment, at once: each second of back-off would be taken off its grace", async () => {
    const pod = await podOnNode({ spec: { terminationGracePeriodSeconds: 30 } });
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await start();
    const deadline = harness.clock.now() + 120_000;
    queue.add([pod], deadline, "Empty");
    for (let second = 0; second < 91; second++) {
      await harness.pass(1000);
      queue.add([pod], deadline, "Empty");
    }
    await harness.pass(100);
    expect((await harness.stored(Pods, KEY))?.metadata.deletionGracePeriodSeconds).toBeGreaterThanOrEqual(28);
  });

  it("D-176: a delete that fails is tried again with back-off, however often the pod is added", async () => {
    const pod = await podOnNode();
    await start();
    let tries = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase !== "before" || verb !== "delete") return;
      tries++;
      throw new KubeError(500, "InternalError", "no quorum");
    };
    const deadline = harness.clock.now() - 1000;
    for (let second = 0; second < 60; second++) {
      queue.add([pod], deadline, "Empty");
      await harness.pass(1000);
    }
    expect(tries).toBeLessThan(15);
  });

  it("DX-26, E-13: an eviction that a webhook denies is told on the Node once it lasts, and until it ends", async () => {
    const pod = await podOnNode();
    await start();
    let denies = true;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "evict" && denies)
        throw new KubeError(403, "Forbidden", 'admission webhook "guard.example.com" denied the request: not now');
    };
    queue.add([pod], undefined, "Empty");
    await harness.pass(20_000);
    expect([harness.events.withReason("FailedDraining"), queue.refusalOf(pod)]).toEqual([[], undefined]);
    await harness.pass(30_000);
    expect(harness.events.texts()[0]).toBe(
      'Warning FailedDraining Node/n1: pod default/web cannot be evicted: admission webhook "guard.example.com" denied the request: not now',
    );
    expect(queue.refusalOf(pod)).toContain("denied the request");
    denies = false;
    await harness.pass(11_000);
    expect([await isEnding(), queue.refusalOf(pod)]).toEqual([true, undefined]);
  });

  it("DX-26: a refusal is cut short, so that the condition it is written in takes it", async () => {
    const pod = await podOnNode();
    await start();
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "evict") throw new KubeError(403, "Forbidden", "no".repeat(20_000));
    };
    queue.add([pod], undefined, "Empty");
    await harness.pass(60_000);
    expect(queue.refusalOf(pod)?.length).toBeLessThanOrEqual(301);
  });

  it("DT-126, D-171: a deadline given later only tightens, and is acted on at once", async () => {
    const pod = await podOnNode({ annotations: { [Annotation.DoNotDisrupt]: "true" } });
    await start();
    queue.add([pod], undefined, "Empty");
    await harness.pass(60_000);
    queue.add([pod], harness.clock.now(), "Empty");
    await harness.pass(200);
    expect(await isEnding()).toBe(true);
    const before = (await harness.stored(Pods, KEY))?.metadata.deletionTimestamp;
    queue.add([pod], undefined, "Empty");
    await harness.pass(1000);
    expect((await harness.stored(Pods, KEY))?.metadata.deletionTimestamp).toBe(before);
  });
});
