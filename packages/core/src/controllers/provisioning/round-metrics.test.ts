import { afterEach, describe, expect, it } from "vitest";
import { Annotation, Label, NodePools, Pods } from "../../api/index.ts";
import type { Clock } from "../../runtime/index.ts";
import { PromMetrics, silentMetrics } from "../../telemetry/index.ts";
import { anInstanceType, aNodePool, anOffering, aPod, aProblem, pods } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { provisioningController } from "./controller.ts";
import { countOutcome, solveMeasured } from "./round-metrics.ts";
import { Turn } from "./turn.ts";

describe("a running solve", () => {
  const labels = { controller: "provisioner", scheduling_id: "id-1" };

  const run = (deps: ConstructorParameters<typeof Turn>[0], signal = new AbortController().signal) => ({
    id: "id-1",
    turn: new Turn(deps, signal),
  });

  async function watched(
    problem: Parameters<typeof solveMeasured>[1],
    clock: Clock = new FakeClock(),
    ...[giveWay, signal]: readonly [(() => Promise<void>)?, AbortSignal?]
  ): Promise<{ readonly log: readonly unknown[] }> {
    const log: unknown[] = [];
    const metrics = {
      ...silentMetrics,
      set: (name: string, of: object, value: number) => log.push(["set", name, of, value]),
      remove: (name: string, of: object) => log.push(["remove", name, of]),
      observe: (name: string, { phase }: { readonly phase?: string }) =>
        log.push(["observe", name, ...(phase === undefined ? [] : [phase])]),
    };
    try {
      await solveMeasured({ metrics, clock }, problem, run({ clock, ...(giveWay && { giveWay }) }, signal));
    } catch (error) {
      log.push(String(error));
    }
    return { log };
  }

  it("T-136: shows its queue and its time while it runs, and nothing of it is left when it is done", async () => {
    expect((await watched(aProblem({ pods: pods(3) }))).log).toEqual([
      ["set", "karpenter_scheduler_queue_depth", labels, 3],
      ["set", "karpenter_scheduler_unfinished_work_seconds", labels, 0],
      ["observe", "kmc_scheduler_phase_duration_seconds", "compile"],
      ["set", "kmc_scheduler_equivalence_classes", { controller: "provisioner" }, 1],
      ["observe", "kmc_scheduler_phase_duration_seconds", "pack"],
      ["set", "kmc_scheduler_equivalence_classes", { controller: "provisioner" }, 1],
      ["observe", "kmc_scheduler_phase_duration_seconds", "report"],
      ["observe", "karpenter_scheduler_scheduling_duration_seconds"],
      ["remove", "karpenter_scheduler_queue_depth", labels],
      ["remove", "karpenter_scheduler_unfinished_work_seconds", labels],
    ]);
  });

  it("S-1016, T-136: the queue and the time follow the pauses", async () => {
    let now = 0;
    const clock = Object.assign(new FakeClock(), { now: () => (now += 4) });
    const turns: number[] = [];
    const { log } = await watched(aProblem({ pods: pods(200) }), clock, async () => void turns.push(now));
    const shown = (name: string) =>
      log.flatMap((line) => (Array.isArray(line) && line[0] === "set" && line[1] === name ? [Number(line[3])] : []));
    const [depths, spent] = [
      shown("karpenter_scheduler_queue_depth"),
      shown("karpenter_scheduler_unfinished_work_seconds"),
    ];
    expect(turns.length).toBeGreaterThan(3);
    expect([depths.length, spent.length]).toEqual([turns.length + 1, turns.length + 1]);
    expect(depths).toEqual(depths.toSorted((a, b) => b - a));
    expect([depths[0], depths.at(-1)]).toEqual([200, 0]);
    expect(spent.slice(1)).toEqual(turns.map((at) => expect.closeTo(at / 1000, 1)));
  });

  it("T-136: nothing is left of it either when it is ended in a pause", async () => {
    let now = 0;
    const clock = Object.assign(new FakeClock(), { now: () => (now += 30) });
    const ended = new AbortController();
    const giveWay = async (): Promise<void> => ended.abort(new Error("the controllers are stopping"));
    const { log } = await watched(aProblem({ pods: pods(200) }), clock, giveWay, ended.signal);
    expect(log.slice(-3)).toEqual([
      ["remove", "karpenter_scheduler_queue_depth", labels],
      ["remove", "karpenter_scheduler_unfinished_work_seconds", labels],
      "Error: the controllers are stopping",
    ]);
    expect(log.flat()).not.toContain("karpenter_scheduler_scheduling_duration_seconds");
  });

  it("T-136: nor when it failed", async () => {
    const problem = aProblem({ pods: pods(3) });
    const broken = Object.defineProperty({ ...problem }, "nodes", {
      get: () => {
        throw new Error("broken");
      },
    });
    expect((await watched(broken)).log.slice(-3)).toEqual([
      ["remove", "karpenter_scheduler_queue_depth", labels],
      ["remove", "karpenter_scheduler_unfinished_work_seconds", labels],
      "Error: broken",
    ]);
  });

  it("S-315: ends after a minute, and says of the rest that it was not looked at", async () => {
    let calls = 0;
    const clock = Object.assign(new FakeClock(), { now: () => (++calls > 2 ? 60_000 : 0) });
    const deps = { metrics: silentMetrics, clock };
    const { solution } = await solveMeasured(deps, aProblem({ pods: pods(200) }), run({ clock: new FakeClock() }));
    const left = solution.failures.map(({ nodePools }) => nodePools[0]?.reason);
    expect(left.length).toBeGreaterThan(0);
    expect(new Set(left)).toEqual(new Set(["NotEvaluated"]));
  });

  it("T-136: the scraped page has no series of it afterwards", async () => {
    const metrics = new PromMetrics();
    const clock = new FakeClock();
    await solveMeasured({ metrics, clock }, aProblem({ pods: pods(3) }), run({ clock }));
    const page = await metrics.render();
    expect(page).not.toContain("id-1");
    expect(page).toContain('karpenter_scheduler_scheduling_duration_seconds_count{controller="provisioner"} 1');
  });
});

describe("metrics of a round", () => {
  let harness: ControllerHarness;
  let metrics: PromMetrics;
  afterEach(() => harness.stop());

  async function started(options: HarnessOptions = {}): Promise<void> {
    harness = new ControllerHarness(options);
    metrics = new PromMetrics();
    await harness.put(NodePools, aNodePool());
    await harness.start(provisioningController({ ...harness.deps, metrics }));
  }

  /** Lines of one metric, without its name. */
  async function shown(name: string): Promise<readonly string[]> {
    const lines = (await metrics.render()).split("\n");
    return lines.flatMap((line) => (line.startsWith(name) ? [line.slice(name.length)] : []));
  }

  const scheduler = (rest: string) => `karpenter_scheduler_${rest}`;

  it("S-331, S-206: pods that cannot be planned with are ignored, those without a place unschedulable", async () => {
    await started();
    await harness.putPod(aPod({ name: "huge", requests: { cpu: "64" } }));
    await harness.putPod(aPod({ name: "invalid", nodeSelector: { [Label.Hostname]: "n1" } }));
    await harness.putPod(aPod({ name: "own", requiredTerms: [[[Label.NodePool, "DoesNotExist"]]] }));
    await harness.pass(1000);
    expect(await shown(scheduler("unschedulable_pods_count"))).toEqual(['{controller="provisioner"} 1']);
    expect(await shown(scheduler("ignored_pods_count"))).toEqual([" 2"]);
    expect(await shown("kmc_scheduler_pods_total")).toEqual(['{controller="provisioner",outcome="failed"} 2']);
  });

  it("S-610: pending pods by zone are those of the last round", async () => {
    await started();
    await harness.putPod(aPod({ name: "a", nodeSelector: { [Label.Zone]: "test-zone-1" } }));
    await harness.putPod(aPod({ name: "b" }));
    await harness.pass(1000);
    const name = scheduler("pending_pods_by_effective_zone_count");
    expect(await shown(name)).toEqual([
      '{controller="provisioner",zone="flexible"} 1',
      '{controller="provisioner",zone="test-zone-1"} 1',
    ]);
    await harness.kube.delete(Pods, { namespace: "default", name: "a" });
    await harness.putPod(aPod({ name: "c" }));
    await harness.pass(45_000);
    expect(await shown(name)).toEqual(['{controller="provisioner",zone="flexible"} 2']);
  });

  it("what a round would pay for its new machines, and where its pods go", async () => {
    await started({ types: [anInstanceType({ name: "m.4", cpu: "4", offerings: [anOffering({ price: 0.25 })] })] });
    for (const pod of pods(2, { requests: { cpu: "3" } })) await harness.putPod(pod);
    await harness.pass(1000);
    expect(await shown("kmc_scheduler_plan_hourly_cost")).toEqual(['{controller="provisioner",currency="EUR"} 0.5']);
    expect(await shown("kmc_scheduler_pods_total")).toEqual(['{controller="provisioner",outcome="planned"} 2']);
    const created = await shown("karpenter_nodeclaims_created_total");
    expect(created).toEqual(['{reason="provisioned",nodepool="default",min_values_relaxed="false"} 2']);
  });

  it("a plan without new machines costs nothing that could be shown", () => {
    const page = new PromMetrics();
    const problem = aProblem({ pods: [] });
    const solution = { newClaims: [], existing: [], failures: [], deferred: pods(2), relaxed: [] };
    countOutcome({ metrics: page }, problem, solution);
    return expect(page.render()).resolves.toSatisfy(
      (text: string) => !text.includes("plan_hourly_cost{") && text.includes('outcome="deferred"} 2'),
    );
  });

  it("M-23, S-603: a pod's wait for its first decision is counted once, that of pods that move never", async () => {
    await started();
    await harness.putMachine("n1");
    await harness.putPod(aPod({ name: "web", requests: { cpu: "64" } }));
    await harness.putPod(aPod({ name: "moving", nodeName: "n1" }));
    await harness.pass(400);
    await harness.putPod(aPod({ name: "later", requests: { cpu: "64" } }));
    await harness.pass(60_000);
    const name = "karpenter_pods_scheduling_decision_duration_seconds";
    expect(await shown(`${name}_count`)).toEqual([" 2"]);
    expect(await shown(`${name}_sum`)).toEqual([" 2.4"]);
  });

  it("M-23: the namesake of a pod that is gone waits anew", async () => {
    await started();
    const name = "karpenter_pods_scheduling_decision_duration_seconds_count";
    await harness.putPod(aPod({ name: "web", requests: { cpu: "64" } }));
    await harness.pass(1000);
    await harness.kube.delete(Pods, { namespace: "default", name: "web" });
    await harness.putPod(aPod({ name: "web", requests: { cpu: "64" } }));
    await harness.pass(2000);
    expect(await shown(name)).toEqual([" 2"]);
  });

  it("S-208: spare capacity is in no metric of pods", async () => {
    await started();
    const annotations = { [Annotation.CapacityBufferFakePod]: "true" };
    await harness.putPod(aPod({ name: "spare", requests: { cpu: "64" }, annotations }));
    await harness.pass(1000);
    expect(await shown("kmc_scheduler_pods_total")).toEqual([]);
    expect(await shown(scheduler("unschedulable_pods_count"))).toEqual(['{controller="provisioner"} 0']);
    expect(await shown(scheduler("pending_pods_by_effective_zone_count"))).toEqual([]);
    expect(await shown("karpenter_pods_scheduling_decision_duration_seconds_count")).toEqual([" 0"]);
  });
});
