// What a round makes of changes that come while its solve lets others have their turns (S-1016).

import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, NodePools, Nodes, Pods, type NodeClaim } from "../../api/index.ts";
import type { Clock } from "../../runtime/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { anInstanceType, aNodeClaim, aNodePool, aPod, pods } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { provisioningController } from "./controller.ts";

let harness: ControllerHarness;
let change: (() => Promise<unknown>) | undefined;
let ended: AbortController;
let turns: number;
let metrics: PromMetrics;
let busy: boolean;
afterEach(() => harness.stop());

/** On a slow machine: every look at the clock finds that a turn is over. */
async function started(
  options: HarnessOptions & { readonly pool?: Parameters<typeof aNodePool>[0] } = {},
  before: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  harness = new ControllerHarness(options);
  [turns, busy, change, ended] = [0, false, undefined, new AbortController()];
  await harness.put(NodePools, aNodePool(options.pool));
  await before();
  metrics = new PromMetrics();
  const controller = provisioningController({ ...harness.deps, clock: slow(harness.clock), metrics, giveWay });
  const { signal } = ended;
  await harness.start({
    ...controller,
    reconcile: async (key, context) => {
      busy = true;
      const result = await controller.reconcile(key, { ...context, signal }).finally(() => (busy = false));
      return result;
    },
  });
}

function slow(clock: Clock): Clock {
  let late = 0;
  return {
    now: () => clock.now() + (late += 20),
    sleep: (...args) => clock.sleep(...args),
    schedule: (...args) => clock.schedule(...args),
    during: (work) => clock.during(work),
  };
}

async function giveWay(): Promise<void> {
  turns++;
  await new Promise((resolve) => setImmediate(resolve));
  if (change === undefined) return;
  const now = change;
  change = undefined;
  await now();
  await harness.clock.settle();
}

/** As long as the window is open, and then until the round is over. */
async function aRound(): Promise<void> {
  await harness.pass(1000);
  const isBusy = (): boolean => busy;
  while (isBusy()) await harness.pass(0);
}

/** Does this once, while a solve lets others have their turns; then lets the round end. */
async function inTheMiddle(ofASolve: () => Promise<unknown>): Promise<void> {
  change = ofASolve;
  await aRound();
  expect(change).toBeUndefined();
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

const keep = { metadata: { finalizers: ["example.com/keep"] } };
const verdicts = () => harness.deps.decisions.list().map(({ verdict, subject }) => `${verdict} ${subject}`);

describe("provisioner, while others have their turns in the middle of a solve", () => {
  it("S-1016: has many turns, and plans as in one piece", async () => {
    await started();
    for (const pod of pods(40)) await harness.putPod(pod);
    await aRound();
    expect(turns).toBeGreaterThan(5);
    const inTurns = (await claims()).map(({ spec }) => spec);
    harness.stop();
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    await harness.start(provisioningController(harness.deps));
    for (const pod of pods(40)) await harness.putPod(pod);
    await harness.pass(1000);
    expect(inTurns.length).toBeGreaterThan(0);
    expect(inTurns).toEqual((await claims()).map(({ spec }) => spec));
  });

  it("S-207: no machine is ordered for pods that have bound meanwhile", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    await inTheMiddle(async () => {
      await harness.putMachine("n1");
      await harness.kube.bind({ namespace: "default", name: "web" }, "n1");
    });
    expect((await claims()).map(({ metadata }) => metadata.name)).toEqual(["n1"]);
    expect(harness.events.notes).toEqual([]);
  });

  it("S-207: a machine is ordered as planned while one of its pods still waits", async () => {
    await started();
    for (const pod of pods(2)) await harness.putPod(pod);
    await inTheMiddle(() => harness.kube.delete(Pods, { namespace: "default", name: "web-0" }));
    expect(await claims()).toHaveLength(1);
  });

  it("a pod that has bound or gone meanwhile has not failed", async () => {
    await started();
    for (const pod of pods(3, { requests: { cpu: "64" } })) await harness.putPod(pod);
    await inTheMiddle(async () => {
      await harness.putMachine("n1");
      await harness.kube.bind({ namespace: "default", name: "web-0" }, "n1");
      await harness.kube.delete(Pods, { namespace: "default", name: "web-1" });
    });
    expect(verdicts()).toEqual(["InsufficientResources Pod default/web-2"]);
    expect(harness.events.withReason("FailedScheduling")).toHaveLength(1);
  });

  it("M-23: of a pod that goes meanwhile nothing is counted", async () => {
    await started();
    for (const pod of pods(2)) await harness.putPod(pod);
    await inTheMiddle(() => harness.kube.delete(Pods, { namespace: "default", name: "web-0" }));
    expect(await metrics.render()).toContain("karpenter_pods_scheduling_decision_duration_seconds_count 1\n");
  });

  it("S-602: a node that is gone meanwhile is promised to nobody, and its pods are planned for again at once", async () => {
    await started({}, () => harness.putMachine("n1"));
    await harness.putPod(aPod({ name: "web" }));
    await inTheMiddle(async () => {
      await harness.kube.delete(Nodes, { name: "n1" });
      await harness.kube.delete(NodeClaims, { name: "n1" });
    });
    expect([harness.events.notes, await claims()]).toEqual([[], []]);
    await aRound();
    await aRound();
    expect(await claims()).toHaveLength(1);
  });

  it("S-602: nor is one that is on its way out", async () => {
    await started({}, async () => {
      await harness.putMachine("n1");
      await harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body: keep });
    });
    await harness.putPod(aPod({ name: "web" }));
    await inTheMiddle(() => harness.kube.delete(NodeClaims, { name: "n1" }));
    expect(harness.deps.state.nodeByName("n1")?.nominatedUntil).toBeUndefined();
    expect(harness.events.notes).toEqual([]);
    await aRound();
    await aRound();
    expect(await claims()).toHaveLength(2);
  });

  it("S-602: a machine whose Node has come meanwhile keeps the pods that were planned on its claim", async () => {
    const labels = { [Label.NodePool]: "default" };
    await started({}, () => harness.put(NodeClaims, aNodeClaim({ name: "n1", conditions: ["Launched"] })));
    await harness.putPod(aPod({ name: "web" }));
    await inTheMiddle(() => harness.putNode({ name: "ip-10-0-0-1", providerID: "test:///n1", labels }));
    expect(await claims()).toHaveLength(1);
    expect(harness.events.withReason("Nominated")).toHaveLength(1);
    expect(harness.deps.state.nodeByName("ip-10-0-0-1")?.nominatedUntil).toBeGreaterThan(0);
  });

  it("S-332: no claim is made for a pool that is deleted meanwhile", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    await inTheMiddle(() => harness.kube.delete(NodePools, { name: "default" }));
    expect(await claims()).toEqual([]);
    expect(harness.deps.decisions.list().at(-1)?.detail).toBe("NodePool default is gone");
  });

  it("LC-11: machines that are ordered meanwhile count against the limits", async () => {
    await started({ types: [anInstanceType({ name: "m.4", cpu: "4" })], pool: { limits: { cpu: "6" } } });
    await harness.putPod(aPod({ name: "web", requests: { cpu: "3" } }));
    await inTheMiddle(() =>
      harness.putMachine("other", { node: { capacity: { cpu: "4" }, allocatable: { cpu: "0" } } }),
    );
    expect((await claims()).map(({ metadata }) => metadata.name)).toEqual(["other"]);
    expect(verdicts()).toContain("LimitExceeded NodePool default");
  });

  it("S-1016: a round that is ended in the middle of its solve orders, promises and says nothing", async () => {
    await started({}, () => harness.putMachine("n1"));
    await harness.putPod(aPod({ name: "small", requests: { cpu: "100m" } }));
    await harness.putPod(aPod({ name: "huge", requests: { cpu: "64" } }));
    await inTheMiddle(async () => ended.abort(new Error("the controllers are stopping")));
    expect(await claims()).toHaveLength(1);
    expect(harness.deps.state.nodeByName("n1")?.nominatedUntil).toBeUndefined();
    expect([harness.events.notes, verdicts()]).toEqual([[], []]);
  });
});
