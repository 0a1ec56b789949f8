import { describe, expect, it } from "vitest";

import { NodeClaims, Nodes } from "../api/index.ts";
import type { KubeObject, Resource } from "../api/index.ts";
import { KubeError } from "../kube/index.ts";
import type { Informer, KubeCache } from "../kube/index.ts";
import { PromMetrics } from "../telemetry/index.ts";
import { FakeClock, MemoryLogger } from "../testing/index.ts";
import { hours, milliseconds, minutes, seconds } from "../units/index.ts";
import { ObserveOnly } from "./action-gate.ts";
import { onChange } from "./controller.ts";
import type { Controller, ObjectChange, ReconcileContext, ReconcileResult } from "./controller.ts";
import { TerminalError } from "./failure.ts";
import { ControllerManager } from "./manager.ts";
import { singletonController } from "./singleton.ts";

type Handler = (change: ObjectChange<KubeObject>) => void;

/** A cache whose changes the test makes. */
class TestCache implements KubeCache {
  readonly objects = new Map<string, KubeObject[]>();
  readonly handlers = new Map<string, Set<Handler>>();
  synced = true;

  informer<T extends KubeObject>(resource: Resource<T>): Informer<T> {
    const handlers = this.handlers.get(resource.kind) ?? new Set<Handler>();
    this.handlers.set(resource.kind, handlers);
    const objects = this.objects.get(resource.kind) ?? [];
    const informer: Informer<KubeObject> = {
      get: () => undefined,
      list: () => objects,
      byIndex: () => [],
      hasSynced: this.synced,
      onChange: (handler) => {
        handlers.add(handler);
        for (const after of objects) handler({ after, initial: true });
        return () => handlers.delete(handler);
      },
    };
    return informer as Informer<T>;
  }

  change(resource: Resource, name: string): void {
    const after = { metadata: { name } };
    for (const handler of this.handlers.get(resource.kind) ?? []) handler({ after, initial: false });
  }

  peek(): undefined {}
  behindSince(): undefined {}
  start(): void {}
  apply(): void {}
  forget(): void {}

  waitForSync({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (this.synced) return Promise.resolve();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  }
}

function aBench() {
  const clock = new FakeClock(0);
  const cache = new TestCache();
  const logger = new MemoryLogger();
  const metrics = new PromMetrics();
  const manager = new ControllerManager({ cache, clock, logger, metrics, random: () => 0.5 });
  const stop = new AbortController();
  const run = async (...controllers: Controller[]): Promise<{ readonly ended: Promise<void> }> => {
    manager.add(...controllers);
    const ended = manager.start(stop.signal);
    ended.catch(() => {});
    await clock.settle();
    return { ended };
  };
  const metric = async (line: string): Promise<string | undefined> =>
    (await metrics.render())
      .split("\n")
      .find((text) => text.startsWith(line))
      ?.split(" ")
      .at(-1);
  return { clock, cache, logger, metrics, manager, stop, run, metric };
}

const byName = (change: ObjectChange<KubeObject>): readonly string[] => [change.after?.metadata.name ?? ""];

function aController(
  reconcile: (key: string, context: ReconcileContext) => Promise<ReconcileResult | undefined>,
  more: Partial<Controller> = {},
): Controller {
  return { name: "nodeclaim.test", triggers: [onChange(NodeClaims, byName)], reconcile, ...more };
}

describe("ControllerManager: wake-ups", () => {
  it("reconciles what is there at the start and what changes later, by key", async () => {
    const bench = aBench();
    bench.cache.objects.set("NodeClaim", [{ metadata: { name: "a" } }, { metadata: { name: "b" } }]);
    const seen: string[] = [];
    await bench.run(aController(async (key) => void seen.push(key)));
    bench.cache.change(NodeClaims, "c");
    await bench.clock.settle();
    expect(seen).toEqual(["a", "b", "c"]);
  });

  it("RT-25: reconciles what changes now before what was there at the start", async () => {
    const bench = aBench();
    bench.cache.objects.set("NodeClaim", [{ metadata: { name: "a" } }, { metadata: { name: "b" } }]);
    const seen: string[] = [];
    const controller = aController(async (key) => {
      seen.push(key);
      if (key === "a") bench.cache.change(NodeClaims, "new");
      return undefined;
    });
    await bench.run(controller);
    expect(seen).toEqual(["a", "new", "b"]);
  });

  it("RT-10: starts nothing before the caches are filled, and gives up after two minutes naming what is missing", async () => {
    const bench = aBench();
    bench.cache.synced = false;
    const seen: string[] = [];
    const { ended } = await bench.run(aController(async (key) => void seen.push(key), { initialKeys: ["x"] }));
    await bench.clock.advance(119_000);
    expect([seen, bench.manager.running]).toEqual([[], false]);
    await bench.clock.advance(1000);
    await expect(ended).rejects.toThrow("caches were not filled within 2m0s, missing: nodeclaims");
    expect([seen, bench.clock.pending()]).toEqual([[], 0]);
  });

  it("RT-25: runs different keys at once up to the limit and never one key twice", async () => {
    const bench = aBench();
    const running = new Map<string, number>();
    let most = 0;
    const controller = aController(
      async (key) => {
        running.set(key, (running.get(key) ?? 0) + 1);
        expect(running.get(key)).toBe(1);
        most = Math.max(most, running.size);
        await bench.clock.sleep(seconds(10));
        running.delete(key);
        return undefined;
      },
      { concurrency: 2 },
    );
    await bench.run(controller);
    for (const name of ["a", "b", "c", "a"]) bench.cache.change(NodeClaims, name);
    await bench.clock.advance(1000);
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(60_000);
    expect(most).toBe(2);
    expect(await bench.metric('controller_runtime_reconcile_total{controller="nodeclaim.test",result="success"}')).toBe(
      "4",
    );
  });

  it("RT-29: a singleton has one key, whatever wakes it, and runs at the start", async () => {
    const bench = aBench();
    const at: number[] = [];
    const run = async (): Promise<ReconcileResult> => {
      at.push(bench.clock.now());
      return { requeueAfter: minutes(2) };
    };
    await bench.run(singletonController({ name: "gc", run, triggers: [onChange(Nodes, byName)] }));
    await bench.clock.advance(30_000);
    bench.cache.change(Nodes, "n1");
    bench.cache.change(Nodes, "n2");
    await bench.clock.advance(150_000);
    expect(at).toEqual([0, 30_000, 150_000]);
  });

  it("wakes a key by hand and refuses names it does not know", async () => {
    const bench = aBench();
    let runs = 0;
    const run = async (): Promise<undefined> => void (runs += 1);
    await bench.run(singletonController({ name: "provisioner", run, runAtStart: false }));
    expect(runs).toBe(0);
    bench.manager.wake("provisioner");
    await bench.clock.settle();
    expect(runs).toBe(1);
    expect(() => bench.manager.wake("provisoner")).toThrow("no controller provisoner");
  });

  it("refuses two controllers of one name", () => {
    const { manager } = aBench();
    const controller = aController(async () => undefined);
    expect(() => manager.add(controller, controller)).toThrow("added twice");
  });

  it("keeps no timer between due work", async () => {
    const bench = aBench();
    await bench.run(aController(async () => undefined, { initialKeys: ["a"] }));
    await bench.clock.settle();
    expect(bench.clock.pending()).toBe(0);
  });
});

describe("ControllerManager: RT-26 results", () => {
  it("logs, counts and retries an error with growing delay, and forgets it after a success", async () => {
    const bench = aBench();
    const at: number[] = [];
    const controller = aController(
      async () => {
        at.push(bench.clock.now());
        if (at.length < 4) throw new Error("no answer");
        return undefined;
      },
      { rateLimit: { base: seconds(1), max: minutes(1) } },
    );
    await bench.run(controller);
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(60_000);
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(60_000);
    expect(at).toEqual([0, 1000, 3000, 7000, 60_000]);
    const line = bench.logger.find("Reconciler error");
    expect(line?.level).toBe("error");
    expect(line?.fields).toMatchObject({
      controller: "nodeclaim.test",
      controllerKind: "NodeClaim",
      NodeClaim: { name: "a" },
      name: "a",
      error: new Error("no answer"),
    });
    expect(line?.fields["reconcileID"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await bench.metric("controller_runtime_reconcile_errors_total{")).toBe("3");
    expect(await bench.metric("workqueue_retries_total{")).toBe("3");
  });

  it("RT-21: retries a conflict without a log line and without counting an error", async () => {
    const bench = aBench();
    let runs = 0;
    await bench.run(
      aController(async () => {
        runs += 1;
        if (runs === 1) throw new Error("patching a", { cause: new KubeError(409, "Conflict", "changed") });
        return undefined;
      }),
    );
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(1000);
    expect([runs, bench.logger.lines]).toEqual([2, []]);
    expect(await bench.metric("controller_runtime_reconcile_errors_total{")).toBeUndefined();
    expect(await bench.metric("kmc_reconcile_conflicts_total{")).toBe("1");
  });

  it("waits as long as the other side asked", async () => {
    const bench = aBench();
    const at: number[] = [];
    await bench.run(
      aController(async () => {
        at.push(bench.clock.now());
        if (at.length > 1) return undefined;
        throw new KubeError(429, "TooManyRequests", "later", { retryAfterSeconds: 20 });
      }),
    );
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(60_000);
    expect(at).toEqual([0, 20_000]);
  });

  it("does not repeat a terminal failure until the object changes", async () => {
    const bench = aBench();
    let runs = 0;
    await bench.run(
      aController(async () => {
        runs += 1;
        throw new TerminalError("spec cannot be used");
      }),
    );
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(hours(1));
    expect(runs).toBe(1);
    expect(await bench.metric("controller_runtime_terminal_reconcile_errors_total{")).toBe("1");
    bench.cache.change(NodeClaims, "a");
    await bench.clock.settle();
    expect(runs).toBe(2);
  });

  it("takes a write held back in observe mode as done; a singleton still comes again", async () => {
    const bench = aBench();
    const held = new ObserveOnly({ target: "cloud", verb: "create", subject: "machine" });
    const runs = { keyed: 0, singleton: 0 };
    const keyed = aController(async () => {
      runs.keyed += 1;
      throw held;
    });
    const run = async (): Promise<undefined> => {
      runs.singleton += 1;
      throw held;
    };
    await bench.run(keyed, singletonController({ name: "provisioner", run }));
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(150_000);
    expect([runs, bench.logger.lines]).toEqual([{ keyed: 1, singleton: 3 }, []]);
  });

  it("comes again after requeueAfter, with back-off after requeue, and limits the rate of a wait that is over", async () => {
    const bench = aBench();
    const results: (ReconcileResult | undefined)[] = [
      { requeue: true },
      { requeue: true },
      { requeueAfter: seconds(10) },
      { requeueAfter: milliseconds(-1) },
      undefined,
    ];
    const at: number[] = [];
    await bench.run(
      aController(
        async () => {
          at.push(bench.clock.now());
          return results[at.length - 1];
        },
        { rateLimit: { base: seconds(1), max: minutes(1) } },
      ),
    );
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(60_000);
    expect(at).toEqual([0, 1000, 3000, 13_000, 14_000]);
    expect(await bench.metric('controller_runtime_reconcile_total{controller="nodeclaim.test",result="requeue"}')).toBe(
      "3",
    );
  });

  it("counts a panic when something other than an Error is thrown", async () => {
    const bench = aBench();
    let runs = 0;
    await bench.run(
      aController(async () => {
        runs += 1;
        if (runs === 1) throw "text"; // oxlint-disable-line no-throw-literal, only-throw-error -- this is the case under test
        return undefined;
      }),
    );
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(1000);
    expect([runs, await bench.metric("controller_runtime_reconcile_panics_total{")]).toEqual([2, "1"]);
  });
});

describe("ControllerManager: RT-28 time limit and stop", () => {
  it("aborts a run that takes too long and keeps its key until it has ended", async () => {
    const bench = aBench();
    const starts: number[] = [];
    const controller = aController(
      async (_key, { signal }) => {
        starts.push(bench.clock.now());
        if (starts.length > 1) return undefined;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        await bench.clock.sleep(seconds(5));
        signal.throwIfAborted();
        return undefined;
      },
      { timeout: minutes(1), rateLimit: { base: seconds(1), max: seconds(1) } },
    );
    await bench.run(controller);
    bench.cache.change(NodeClaims, "a");
    await bench.clock.advance(10_000);
    bench.cache.change(NodeClaims, "a");
    bench.manager.showRunning();
    expect(await bench.metric("workqueue_unfinished_work_seconds{")).toBe("10");
    expect(await bench.metric("workqueue_longest_running_processor_seconds{")).toBe("10");
    await bench.clock.advance(120_000);
    expect(starts).toEqual([0, 65_000]);
    expect(bench.logger.messages()).toEqual(["reconcile exceeded its time limit", "Reconciler error"]);
    expect(await bench.metric("controller_runtime_reconcile_timeouts_total{")).toBe("1");
  });

  it("OP-9: at a stop takes no further key and waits for what runs", async () => {
    const bench = aBench();
    const ended: string[] = [];
    const controller = aController(async (key) => {
      await bench.clock.sleep(seconds(15));
      ended.push(key);
      return { requeueAfter: seconds(1) };
    });
    const { ended: stopped } = await bench.run(controller);
    bench.cache.change(NodeClaims, "a");
    bench.cache.change(NodeClaims, "b");
    await bench.clock.advance(1000);
    bench.stop.abort();
    await bench.clock.advance(13_000);
    expect([ended, bench.manager.running]).toEqual([[], false]);
    await bench.clock.advance(1000);
    await stopped;
    expect([bench.clock.pending(), bench.cache.handlers.get("NodeClaim")?.size]).toEqual([0, 0]);
    bench.cache.change(NodeClaims, "c");
    await bench.clock.advance(60_000);
    expect([ended, bench.logger.lines]).toEqual([["a"], []]);
  });

  it("aborts after the grace what still runs, quietly, and gives up after 30 s", async () => {
    const bench = aBench();
    const aborted: number[] = [];
    const obedient = aController(async (_key, { signal }) => {
      signal.addEventListener("abort", () => aborted.push(bench.clock.now()), { once: true });
      await bench.clock.sleep(hours(1), { signal });
      return undefined;
    });
    const deaf = singletonController({ name: "deaf", run: () => new Promise<undefined>(() => {}) });
    const { ended } = await bench.run(obedient, deaf);
    bench.cache.change(NodeClaims, "a");
    await bench.clock.settle();
    bench.stop.abort();
    await bench.clock.advance(30_000);
    await ended;
    expect(aborted).toEqual([20_000]);
    expect(bench.logger.lines).toEqual([
      {
        level: "warn",
        message: "stopped while reconciles were running",
        fields: { controller: "deaf", keys: ["deaf"] },
      },
    ]);
  });

  it("shows what each controller has to do", async () => {
    const bench = aBench();
    const run = async (): Promise<ReconcileResult> => ({ requeueAfter: minutes(1) });
    await bench.run(singletonController({ name: "gc", run }));
    expect(bench.manager.queues()).toEqual([{ controller: "gc", ready: 0, waiting: 1, running: [] }]);
  });
});
