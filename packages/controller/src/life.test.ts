import {
  CapacityBuffers,
  CUSTOM_RESOURCES,
  NodePools,
  OPTIONAL_RESOURCES,
  Pods,
  type Resource,
} from "@karpenter-multicloud/core/api";
import { KubeEventRecorder, leaderless, Mirror, type Leadership } from "@karpenter-multicloud/core/kube";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { ControllerManager, onChange, type Controller } from "@karpenter-multicloud/core/runtime";
import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { FakeClock, InMemoryKube, MemoryLogger } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { live, type LifeParts } from "./life.ts";

const SETTINGS = { ...defaultSettings({ clusterName: "test" }), metricsPort: 0, healthProbePort: 0 };

/** A lease that is won and lost by hand. */
class ManualLeadership implements Leadership {
  readonly #won = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<string>();
  readonly lost = this.#lost.promise;
  readonly #log: string[];
  #permitted = false;

  constructor(log: string[]) {
    this.#log = log;
  }

  readonly permitted = (): boolean => this.#permitted;

  won(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
      void this.#won.promise.then(resolve);
    });
  }

  win(): void {
    this.#permitted = true;
    this.#won.resolve();
  }

  /** Without a word, as after a suspension. */
  runOut(): void {
    this.#permitted = false;
  }

  lose(why: string): void {
    this.#permitted = false;
    this.#lost.resolve(why);
  }

  release(): Promise<void> {
    this.#log.push("released");
    return Promise.resolve();
  }
}

describe("the life of the process", () => {
  let clock: FakeClock;
  let kube: InMemoryKube;
  let logger: MemoryLogger;
  let leadership: ManualLeadership;
  let stop: AbortController;
  let log: string[];
  let reconcile: () => Promise<void>;
  let ended: Promise<number | string>;
  let code: number | string | undefined;

  beforeEach(() => {
    clock = new FakeClock();
    kube = new InMemoryKube({ now: () => clock.now(), customResources: CUSTOM_RESOURCES });
    logger = new MemoryLogger();
    log = [];
    leadership = new ManualLeadership(log);
    stop = new AbortController();
    code = undefined;
    reconcile = () => Promise.resolve();
  });
  afterEach(async () => {
    stop.abort(new Error("the test is over"));
    for (let round = 0; round < 50 && !isOver(); round++) await clock.advance(1_000);
    await ended;
  });

  /** `also`: what the controller watches besides Pods and NodePools. */
  function start(change: Partial<LifeParts> = {}, also: readonly Resource[] = []): void {
    const random = (): number => 0.5;
    const metrics = new PromMetrics();
    const mirror = new Mirror({ client: kube, clock, logger, random, optional: OPTIONAL_RESOURCES });
    const events = new KubeEventRecorder({ client: kube, clock, logger, component: "karpenter" });
    const manager = new ControllerManager({ cache: mirror, clock, logger, metrics, random });
    const controller: Controller = {
      name: "test",
      triggers: [
        onChange(Pods, () => ["one"]),
        onChange(NodePools, () => ["one"]),
        ...also.map((each) => onChange(each, () => ["one"])),
      ],
      initialKeys: ["one"],
      reconcile: async () => {
        log.push("reconcile begins");
        await reconcile();
        log.push("reconcile ended");
        return undefined;
      },
    };
    manager.add(controller);
    const settings = SETTINGS;
    const definitions: readonly Resource[] = [NodePools];
    const lead = (): Leadership => leadership;
    const dump = (leads: () => boolean): unknown => ({ leading: leads() });
    const parts = {
      settings,
      version: "1.2.3",
      clock,
      logger,
      metrics,
      client: kube,
      mirror,
      events,
      manager,
      lead,
      dump,
      verdicts: () => [],
      commands: () => [],
      decisions: () => [],
    };
    ended = live({ ...parts, resources: mirror.unsynced(), definitions, ...change }, stop.signal).catch(String);
    void ended.then((outcome) => (code = outcome));
  }

  /** Servers listen on real sockets, which the fake clock does not know. */
  async function until(message: string): Promise<void> {
    const giveUpAt = performance.now() + 60_000;
    while (!logger.messages().includes(message) && performance.now() < giveUpAt) await clock.advance(10);
    expect(logger.messages()).toContain(message);
  }

  const ask = (path: string): Promise<string> => get("healthProbePort", path);
  const metricsPage = (path: string): Promise<string> => get("metricsPort", path);

  async function get(port: "healthProbePort" | "metricsPort", path: string): Promise<string> {
    const { [port]: number } = logger.find("serving metrics and probes")?.fields ?? {};
    const answer = await fetch(`http://127.0.0.1:${String(number)}${path}`);
    return `${answer.status} ${await answer.text()}`;
  }

  const isOver = (): boolean => code !== undefined;
  const settle = (): Promise<void> => clock.advance(1_000);

  it("OP-6: a standby replica is ready, and runs nothing", async () => {
    start();
    await until("waiting for the lease");
    expect(await ask("/readyz?verbose")).toContain("200 [+]crd ok\n[+]manager ok");
    expect(await ask("/healthz")).toBe("200 ok");
    await clock.advance(60_000);
    expect([log, kube.openWatches]).toEqual([[], 0]);
  });

  it("RT-13: without the definitions it is not ready, does not want the lease, and goes on when they are there", async () => {
    kube.undefine(NodePools);
    start();
    await until("custom resource definitions are missing, waiting for them");
    expect(await ask("/readyz")).toContain("500 [-]crd failed: missing: nodepools.karpenter.sh");
    expect(logger.messages()).not.toContain("waiting for the lease");
    for (const definition of CUSTOM_RESOURCES) if (definition.resource === NodePools) kube.define(definition);
    await until("waiting for the lease");
    expect(await ask("/readyz")).toBe("200 ok");
  });

  it("TC-64: without the definition of a feature that is on it leads, is ready, and has named the definition", async () => {
    kube.undefine(CapacityBuffers);
    start({}, [CapacityBuffers]);
    await until("waiting for the lease");
    leadership.win();
    await clock.advance(5_000);
    expect(await ask("/readyz")).toBe("200 ok");
    expect(log).toEqual(["reconcile begins", "reconcile ended"]);
    expect(logger.messages("warn")).toEqual([
      "there are no CapacityBuffer objects until their definition is installed",
    ]);
  });

  it("OP-7: the leader fills its caches before a controller runs, and is ready then", async () => {
    start();
    await until("waiting for the lease");
    kube.faults = ({ resource }) => {
      if (resource.plural === "pods") throw new Error("not yet");
    };
    leadership.win();
    await settle();
    expect(await ask("/readyz")).toContain("[-]manager failed: not synced: pods");
    expect(log).toEqual([]);
    kube.faults = undefined;
    await clock.advance(5_000);
    expect(await ask("/readyz")).toBe("200 ok");
    expect(log).toEqual(["reconcile begins", "reconcile ended"]);
  });

  it("OP-6: a watch that never goes on makes the process unhealthy; an API server that is away does not", async () => {
    start();
    await until("waiting for the lease");
    leadership.win();
    await settle();
    expect(await ask("/healthz")).toBe("200 ok");
    kube.faults = () => Promise.reject(new Error("connection refused"));
    kube.dropWatches();
    await clock.advance(600_000);
    expect(await ask("/healthz")).toBe("200 ok");
    kube.faults = ({ resource }) => (resource.plural === "pods" ? new Promise(() => {}) : undefined);
    await clock.advance(400_000);
    expect(await ask("/healthz")).toContain("\n[-]watches failed: no watch for pods\n");
  });

  it("OP-9, RT-37: a stop lets a running reconcile end, then gives the lease up, then ends with 0", async () => {
    const work = Promise.withResolvers<void>();
    reconcile = () => work.promise;
    start();
    await until("waiting for the lease");
    leadership.win();
    await settle();
    stop.abort(new Error("received SIGTERM"));
    await settle();
    expect(log).toEqual(["reconcile begins"]);
    expect(await ask("/readyz")).toContain("[-]manager failed: stopping");
    work.resolve();
    await settle();
    expect(log).toEqual(["reconcile begins", "reconcile ended", "released"]);
    expect(await ended).toBe(0);
    await expect(ask("/healthz")).rejects.toThrow("fetch failed");
  });

  it("OP-9: a reconcile that does not end is waited for 30 s", async () => {
    reconcile = () => new Promise(() => {});
    start();
    await until("waiting for the lease");
    leadership.win();
    await settle();
    stop.abort(new Error("received SIGTERM"));
    await clock.advance(29_000);
    expect(code).toBeUndefined();
    await clock.advance(2_000);
    expect([await ended, log]).toEqual([0, ["reconcile begins", "released"]]);
  });

  it("a standby that is stopped wants the lease no more and ends with 0", async () => {
    start();
    await until("waiting for the lease");
    stop.abort(new Error("received SIGTERM"));
    expect([await ended, log]).toEqual([0, ["released"]]);
  });

  it("RT-36, RT-46: a lost lease ends the process with 1 without waiting for anything", async () => {
    reconcile = () => new Promise(() => {});
    start();
    await until("waiting for the lease");
    leadership.win();
    await settle();
    leadership.lose("somebody holds the lease");
    await clock.settle();
    expect(await ended).toBe(1);
    expect(log).toEqual(["reconcile begins"]);
    expect(logger.find("lost the lease, the process ends")?.fields["reason"]).toBe("somebody holds the lease");
  });

  it("RT-36: a lease that ran out unnoticed ends the process within a second", async () => {
    start();
    await until("waiting for the lease");
    leadership.win();
    await settle();
    leadership.runOut();
    await clock.advance(500);
    expect(await ended).toBe(1);
  });

  it("RT-10: caches that do not fill within two minutes end it with an error", async () => {
    start();
    await until("waiting for the lease");
    kube.faults = () => {
      throw new Error("no");
    };
    leadership.win();
    await clock.advance(125_000);
    expect(await ended).toBe("Error: caches were not filled within 2m0s, missing: pods, nodepools");
  });

  it("RT-39: with warm-up a standby replica fills its caches, writes nothing, and takes over without a list", async () => {
    const settings = { ...SETTINGS, disableControllerWarmup: false };
    start({ settings });
    await until("waiting for the lease");
    await settle();
    expect([log, kube.openWatches]).toEqual([[], 2]);
    expect(await ask("/readyz")).toBe("200 ok");
    kube.faults = ({ verb }) => {
      if (verb === "list") throw new Error("no further list");
    };
    leadership.win();
    await settle();
    expect(log).toEqual(["reconcile begins", "reconcile ended"]);
    expect(await ask("/readyz")).toBe("200 ok");
  });

  it("RT-39: a standby that cannot fill its caches is not ended for it, and the next leader is not warm", async () => {
    start({ settings: { ...SETTINGS, disableControllerWarmup: false } });
    const isWarming = (): boolean => logger.messages().includes("filling the caches before the lease is won");
    kube.faults = ({ resource }) => {
      if (resource.plural === "pods" && isWarming()) throw new Error("not yet");
    };
    await until("waiting for the lease");
    await clock.advance(300_000);
    expect(code).toBeUndefined();
    leadership.win();
    await settle();
    expect(await ask("/readyz")).toContain("[-]manager failed: not synced: pods");
  });

  it("OP-5: the pages of profiling are there with the flag only", async () => {
    start();
    await until("waiting for the lease");
    expect(await metricsPage("/debug/state")).toMatch(/^404 /);
    expect(await metricsPage("/debug/pprof/")).toMatch(/^404 /);
    expect(await metricsPage("/debug/verdicts?format=json")).toBe("200 []");
    expect(await metricsPage("/debug/commands?format=json")).toBe("200 []");
    expect(await metricsPage("/debug/decisions?format=json")).toBe("200 []");
  });

  it("OP-5: with the flag they say what this process is, and that everybody may read them", async () => {
    start({ settings: { ...SETTINGS, enableProfiling: true } });
    await until("waiting for the lease");
    expect(logger.messages("warn")).toHaveLength(1);
    expect(await metricsPage("/debug/state")).toBe('200 {"leading":false}');
    leadership.win();
    await settle();
    expect(await metricsPage("/debug/state")).toBe('200 {"leading":true}');
    expect(await metricsPage("/debug/pprof/")).toMatch(/^200 /);
    expect(await ask("/debug/state")).toMatch(/^404 /);
  });

  it("RT-38: without an election it runs at once and says so", async () => {
    const settings = {
      ...defaultSettings({ clusterName: "test" }),
      metricsPort: 0,
      healthProbePort: 0,
      disableLeaderElection: true,
    };
    start({ lead: () => leaderless, settings });
    await until("leader election is disabled: run one replica only");
    await settle();
    expect(log).toEqual(["reconcile begins", "reconcile ended"]);
  });
});
