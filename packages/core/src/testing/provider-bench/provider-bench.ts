// What tests of every provider share: a process that can die and start anew, and time that passes only when the test says so.

import {
  CUSTOM_RESOURCES,
  getCondition,
  NodeClaims,
  type CustomResource,
  type NodeClaim,
  type NodeClass,
  type RequirementSpec,
  type Resource,
} from "../../api/index.ts";
import type { BuiltProvider, Ports } from "../../controllers/index.ts";
import { DecisionLedger } from "../../decisions/index.ts";
import { createGatedClient, Mirror } from "../../kube/index.ts";
import { defaultSettings, type Settings } from "../../options/index.ts";
import { UnavailableOfferings } from "../../provider/index.ts";
import { ControllerManager, Gate } from "../../runtime/index.ts";
import { silentMetrics, type Metrics } from "../../telemetry/index.ts";
import { EventSink } from "../event-sink.ts";
import type { FakeClock } from "../fake-clock.ts";
import { waitWall } from "../fake-cloud/index.ts";
import { InMemoryKube } from "../in-memory-kube/index.ts";
import { MemoryLogger } from "../memory-logger.ts";

/** What a bench needs of its fake cloud. */
export interface BenchCloud<Kind extends string = string> {
  /** What a safe client never does, and was done. */
  invariants(): Promise<readonly { readonly kind: Kind; readonly message: string }[]>;
  close(): Promise<void>;
}

interface Process {
  readonly built: BuiltProvider;
  readonly unavailable: UnavailableOfferings;
  readonly stop: AbortController;
}

const STEP_MS = 500;

/** A subclass builds its provider, and starts the process once it is complete itself. */
export abstract class ProviderBench<T extends NodeClass, Kind extends string, Cloud extends BenchCloud<Kind>> {
  readonly clock: FakeClock;
  readonly logger = new MemoryLogger();
  readonly events = new EventSink();
  readonly decisions = new DecisionLedger();
  readonly fake: Cloud;
  readonly kube: InMemoryKube;
  readonly #classes: Resource<T>;
  #process: Process | undefined;

  protected constructor(
    cloud: { readonly fake: Cloud; readonly clock: FakeClock },
    kinds: { readonly classes: Resource<T>; readonly customResources: readonly CustomResource[] },
  ) {
    const { fake, clock } = cloud;
    this.fake = fake;
    this.clock = clock;
    this.#classes = kinds.classes;
    this.kube = new InMemoryKube({
      now: () => clock.now(),
      customResources: [...CUSTOM_RESOURCES, ...kinds.customResources],
      schedule: (delay, callback) => clock.schedule(clock.now() + delay, callback),
    });
  }

  protected abstract build(ports: Ports): BuiltProvider;

  /** Of the process that starts now. */
  protected settings(): Settings {
    return defaultSettings({ clusterName: "prod" });
  }

  /** Of the process that starts now. */
  protected newMetrics(): Metrics {
    return silentMetrics;
  }

  get provider(): BuiltProvider["provider"] {
    return this.#running.built.provider;
  }

  get unavailable(): UnavailableOfferings {
    return this.#running.unavailable;
  }

  get signal(): AbortSignal {
    return this.#running.stop.signal;
  }

  nodeClass(name = "default"): Promise<T> {
    return this.kube.get(this.#classes, { name });
  }

  async condition(type: string, name = "default"): Promise<string> {
    const found = getCondition(await this.nodeClass(name), type);
    return found === undefined ? "absent" : `${found.status} ${found.reason ?? ""}: ${found.message ?? ""}`;
  }

  claim(name: string): Promise<NodeClaim> {
    return this.kube.get(NodeClaims, { name });
  }

  async claims(): Promise<readonly NodeClaim[]> {
    return (await this.kube.list(NodeClaims)).items;
  }

  /** What a provider answered about a launch is stored, as core does it. */
  async store(name: string, launched: NodeClaim): Promise<NodeClaim> {
    const { labels, annotations } = launched.metadata;
    await this.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { labels, annotations } } });
    return this.kube.patchStatus(NodeClaims, { name }, { type: "merge", body: { status: launched.status } });
  }

  /** Core lets a deleted claim go. */
  async release(name: string): Promise<void> {
    await this.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
  }

  async collect(): Promise<void> {
    const claims = await this.claims();
    await this.during(this.provider.collectGarbage?.(claims, { signal: this.signal }) ?? Promise.resolve());
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Until the class named default was looked at. On a busy machine the cloud's answers come after their time has passed. */
  protected async firstLook(ms: number): Promise<void> {
    await this.pass(ms);
    for (let tries = 0; tries < 30 && (await this.nodeClass()).status?.conditions === undefined; tries++) {
      await waitWall(100);
      await this.pass(0);
    }
  }

  /** Moves the clock until the work is done. */
  async during<R>(work: Promise<R>, atMostMs = 30 * 60_000): Promise<R> {
    const state = { isDone: false };
    const done = work.finally(() => {
      state.isDone = true;
    });
    done.catch(() => {});
    const until = this.clock.now() + atMostMs;
    await this.clock.settle();
    while (!state.isDone && this.clock.now() < until) await this.clock.advance(STEP_MS);
    if (!state.isDone) throw new Error(`the work was not done after ${atMostMs / 1000} seconds`);
    return done;
  }

  /** The process dies and another one starts: nothing in memory survives. */
  async restart(): Promise<void> {
    this.#running.stop.abort(new Error("the process ended"));
    await this.clock.settle();
    this.begin();
    await this.pass(2_000);
  }

  /** Throws when the fake saw something that a safe client never does, besides what the test has provoked. */
  async close(...provoked: readonly Kind[]): Promise<void> {
    const breaches = (await this.fake.invariants()).filter(({ kind }) => !provoked.includes(kind));
    this.#running.stop.abort(new Error("the test is over"));
    await this.clock.settle();
    await this.fake.close();
    if (breaches.length > 0) throw new Error(breaches.map(({ kind, message }) => `${kind}: ${message}`).join("\n"));
  }

  /** A process starts. */
  protected begin(): void {
    const { clock, logger, events } = this;
    const random = (): number => 0.5;
    const stop = new AbortController();
    const unavailable = new UnavailableOfferings(() => clock.now());
    const settings = this.settings();
    const metrics = this.newMetrics();
    const cache = new Mirror({ client: this.kube, clock, logger, random });
    const gate = new Gate({ mode: settings.mode, clock, logger });
    const kube = createGatedClient({ client: this.kube, gate, cache });
    const built = this.build({
      kube,
      cache,
      gate,
      clock,
      logger,
      metrics,
      events,
      decisions: this.decisions,
      settings,
      random,
      unavailable,
    });
    const manager = new ControllerManager({ cache, clock, logger, metrics, random });
    manager.add(...built.controllers);
    cache.start(stop.signal);
    manager.start(stop.signal).catch((error: unknown) => logger.error("manager failed", { error }));
    this.#process = { built, unavailable, stop };
  }

  get #running(): Process {
    if (this.#process === undefined) throw new Error("no process was started");
    return this.#process;
  }
}

/** Nothing when there are no values to choose from. */
export function isIn(key: string, values: readonly string[] | undefined): readonly RequirementSpec[] {
  return values === undefined ? [] : [{ key, operator: "In", values }];
}
