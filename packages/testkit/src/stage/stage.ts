// The world of one check: an API server in memory, a fake cloud, a provider between them, and time that moves when told to.

import {
  apiVersionOf,
  ConfigMaps,
  CUSTOM_RESOURCES,
  Label,
  Namespaces,
  NodeClaims,
  NodePools,
  Nodes,
  Secrets,
  TERMINATION_FINALIZER,
  type KubeObject,
  type Node,
  type NodeClaim,
  type NodePool,
  type RequirementSpec,
  type Resource,
} from "@karpenter-multicloud/core/api";
import { isNotFound } from "@karpenter-multicloud/core/kube";
import { findProviderError, hasCode, type CloudProvider, type InstanceType } from "@karpenter-multicloud/core/provider";
import {
  EventSink,
  FakeClock,
  ForkedClock,
  InMemoryKube,
  MachineSide,
  MemoryLogger,
  seededRandom,
} from "@karpenter-multicloud/core/testing";
import { minutes, seconds, type Duration } from "@karpenter-multicloud/core/units";
import { Mortal, type MortalOptions } from "../faults/mortal.ts";
import { ControllerLife, type RunningControllers } from "./controller-life.ts";
import { RecordingHooks } from "./recording-hooks.ts";
import type { CloudMachine, Subject, SubjectCloud } from "./subject.ts";

export interface StageOptions {
  /** @defaultValue 1 */
  readonly seed?: number;
  /** @defaultValue "provider" */
  readonly running?: RunningControllers;
}

export interface ClaimOptions {
  readonly instanceTypes?: readonly string[];
  readonly zones?: readonly string[];
  /** @defaultValue 500m and 512Mi */
  readonly requests?: Readonly<Record<string, string>>;
}

/** What a next life does otherwise. */
export interface LifeChange extends Pick<MortalOptions, "dieAt" | "onDeath"> {
  readonly running?: RunningControllers;
}

/** Milliseconds of running for which a request may hold time back. */
const PATIENCE_MS = 3_000;
const STEP_MS = 500;
const AT_MOST = minutes(120);
const ASK_AGAIN = seconds(5);
const POOL = "conformance";

export class Stage {
  readonly subject: Subject;
  readonly clock: FakeClock;
  readonly kube: InMemoryKube;
  readonly hooks: RecordingHooks;
  readonly cloud: SubjectCloud;
  readonly logger = new MemoryLogger();
  readonly events = new EventSink();
  readonly random: () => number;
  readonly #running: RunningControllers;
  #mortal: Mortal;
  #life: ControllerLife;
  #count = 0;

  private constructor(parts: Pick<Stage, "subject" | "clock" | "kube" | "hooks" | "cloud">, options: StageOptions) {
    this.subject = parts.subject;
    this.clock = parts.clock;
    this.kube = parts.kube;
    this.hooks = parts.hooks;
    this.cloud = parts.cloud;
    this.random = seededRandom(options.seed ?? 1);
    this.#running = options.running ?? "provider";
    [this.#mortal, this.#life] = this.#begin({});
  }

  /** The NodeClass has been looked at, and a NodePool of it stands, when this resolves. */
  static async open(subject: Subject, options: StageOptions = {}): Promise<Stage> {
    const clock = new FakeClock(Date.UTC(2026, 0, 1, 8), PATIENCE_MS);
    const customResources = [...CUSTOM_RESOURCES, ...subject.factory.customResources];
    const schedule = (ms: number, callback: () => void) => clock.schedule(clock.now() + ms, callback);
    const kube = new InMemoryKube({ now: () => clock.now(), customResources, schedule });
    const hooks = new RecordingHooks(new MachineSide(kube, clock));
    const cloud = await subject.start({ clock, hooks, kube, seed: options.seed ?? 1 });
    const resources = [Namespaces, Secrets, ConfigMaps, ...customResources.map(({ resource }) => resource)];
    for (const object of cloud.objects) await kube.create(resourceOf(object, resources), object);
    const stage = new Stage({ subject, clock, kube, hooks, cloud }, options);
    await kube.create(NodePools, stage.#poolObject());
    await stage.pass(seconds(10));
    return stage;
  }

  get provider(): CloudProvider {
    return this.#life.provider;
  }

  get context(): { readonly signal: AbortSignal } {
    return { signal: this.#life.signal };
  }

  /** What the present life of the process came by; also what it asked of the API server. */
  get life(): Mortal {
    return this.#mortal;
  }

  /** The process dies without a word and a new one starts: nothing in its memory survives. */
  async restart(options: LifeChange = {}): Promise<void> {
    this.#mortal.kill();
    this.beginLife(options);
    await this.pass(seconds(5));
  }

  /** After a death: the next process. */
  beginLife(options: LifeChange = {}): void {
    this.#life.end();
    [this.#mortal, this.#life] = this.#begin(options);
  }

  async close(): Promise<void> {
    this.#mortal.kill();
    this.#life.end();
    await this.clock.settle();
    await this.cloud.close();
  }

  async pass(duration: Duration): Promise<void> {
    await this.clock.advance(duration);
  }

  /** Lets time pass until the work is done. @throws when it takes longer than `atMost` */
  async during<T>(work: Promise<T>, atMost: Duration = AT_MOST): Promise<T> {
    const state = { isDone: false };
    const done = work.finally(() => {
      state.isDone = true;
    });
    done.catch(() => {});
    const until = this.clock.now() + atMost;
    await this.clock.settle();
    while (!state.isDone && this.clock.now() < until) {
      const next = Math.min(this.clock.nextDue() ?? Infinity, this.clock.now() + 60_000, until);
      await this.clock.advance(Number.isFinite(next) ? Math.max(1, next - this.clock.now()) : STEP_MS);
    }
    if (!state.isDone) throw new Error(`not done after ${atMost / 60_000} minutes of the clock`);
    return await done;
  }

  /** True as soon as it holds; false when the time is over. */
  async until(holds: () => boolean | Promise<boolean>, atMost: Duration = AT_MOST): Promise<boolean> {
    const end = this.clock.now() + atMost;
    for (;;) {
      if (await holds()) return true;
      if (this.clock.now() >= end) return false;
      await this.clock.advance(Math.min(1_000, end - this.clock.now()));
    }
  }

  pool(): Promise<NodePool> {
    return this.kube.get(NodePools, { name: POOL });
  }

  /** What the cloud sells of what the subject wants the checks to buy. */
  async types(): Promise<readonly InstanceType[]> {
    const pool = await this.pool();
    return (await this.during(this.provider.getInstanceTypes(pool, this.context))).items;
  }

  /** A NodeClaim as core makes it, stored and not launched. */
  async claim(options: ClaimOptions = {}): Promise<NodeClaim> {
    const isIn = (key: string, values: readonly string[]): RequirementSpec => ({ key, operator: "In", values });
    const { instanceTypes, zones, requests = { cpu: "500m", memory: "512Mi" } } = options;
    const given = this.cloud.requirements.filter(
      ({ key }) => !(key === Label.InstanceType && instanceTypes) && !(key === Label.Zone && zones),
    );
    return await this.kube.create(NodeClaims, {
      apiVersion: apiVersionOf(NodeClaims),
      kind: NodeClaims.kind,
      metadata: {
        name: `${POOL}-${++this.#count}`,
        labels: { [Label.NodePool]: POOL },
        finalizers: [TERMINATION_FINALIZER],
      },
      spec: {
        nodeClassRef: this.cloud.nodeClassRef,
        requirements: [
          ...given,
          ...(instanceTypes === undefined ? [] : [isIn(Label.InstanceType, instanceTypes)]),
          ...(zones === undefined ? [] : [isIn(Label.Zone, zones)]),
        ],
        resources: { requests },
        expireAfter: "720h",
      },
    });
  }

  async stored(claim: NodeClaim): Promise<NodeClaim | undefined> {
    try {
      return await this.kube.get(NodeClaims, { name: claim.metadata.name ?? "" });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** As core does it: again after LaunchPending, until the launch timeout. Nothing of the answer is stored. */
  create(claim: NodeClaim): Promise<NodeClaim> {
    return this.during(this.#create(claim));
  }

  /** One create without patience: what it threw, or undefined. */
  async creationError(claim: NodeClaim): Promise<unknown> {
    return await this.create(claim).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  /** Created, and the answer stored as core stores it. */
  async launch(options: ClaimOptions = {}): Promise<NodeClaim> {
    return await this.store(await this.create(await this.claim(options)));
  }

  async store({ metadata, status }: NodeClaim): Promise<NodeClaim> {
    const key = { name: metadata.name ?? "" };
    const { labels, annotations } = metadata;
    await this.kube.patch(NodeClaims, key, { type: "merge", body: { metadata: { labels, annotations } } });
    return await this.kube.patchStatus(NodeClaims, key, { type: "merge", body: { status } });
  }

  /** Marks the claim as deleted and asks once. */
  async deleteOnce(claim: NodeClaim): Promise<unknown> {
    const current = await this.stored(claim);
    if (current !== undefined && current.metadata.deletionTimestamp === undefined) {
      await this.kube.delete(NodeClaims, { name: claim.metadata.name ?? "" });
    }
    const asked = (await this.stored(claim)) ?? claim;
    return await this.during(this.provider.delete(asked, this.context)).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  /** As core does it: asked until the machine is gone, then the claim is released. */
  async remove(claim: NodeClaim, atMost: Duration = AT_MOST): Promise<void> {
    const end = this.clock.now() + atMost;
    for (;;) {
      const error = await this.deleteOnce(claim);
      if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return await this.forget(claim);
      if (error !== undefined) throw error;
      if (this.clock.now() >= end) throw new Error(`no MachineNotFound after ${atMost / 60_000} minutes`);
      await this.pass(ASK_AGAIN);
    }
  }

  /** The claim is gone from the API server, whatever its machine does. */
  async forget(claim: NodeClaim): Promise<void> {
    const key = { name: claim.metadata.name ?? "" };
    const current = await this.stored(claim);
    if (current === undefined) return;
    if (current.metadata.deletionTimestamp === undefined) await this.kube.delete(NodeClaims, key);
    await this.kube.patch(NodeClaims, key, { type: "merge", body: { metadata: { finalizers: null } } });
  }

  /** All machines have their Nodes, and these are ready; or an hour has passed. */
  async booted(): Promise<void> {
    const isReady = ({ status }: Node): boolean =>
      status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
    const areReady = async (): Promise<boolean> =>
      (await this.kube.list(Nodes)).items.filter(isReady).length >= this.machines().length;
    await this.until(areReady, minutes(60));
  }

  /** Machines that exist and are to stay. */
  machines(): readonly CloudMachine[] {
    return this.cloud.machines().filter(({ leaving }) => !leaving);
  }

  async #create(claim: NodeClaim): Promise<NodeClaim> {
    const { provider, context, clock } = this;
    const timeout = provider.timeouts?.(claim).launch ?? minutes(5);
    const end = clock.now() + timeout;
    for (;;) {
      try {
        return await provider.create((await this.stored(claim)) ?? claim, context);
      } catch (error) {
        if (!hasCode(error, "PROVIDER_LAUNCH_PENDING") || clock.now() >= end) throw error;
        await clock.sleep(findProviderError(error)?.retryAfter ?? ASK_AGAIN, context);
      }
    }
  }

  #begin(options: LifeChange): [Mortal, ControllerLife] {
    const { logger, events, random, cloud } = this;
    const { running = this.#running, ...death } = options;
    const mortal = new Mortal({ client: this.kube, clock: new ForkedClock(this.clock), ...death });
    const { client, clock } = mortal;
    const { factory } = this.subject;
    const life = new ControllerLife({ client, clock, logger, events, random, factory, env: cloud.env, running });
    return [mortal, life];
  }

  #poolObject(): NodePool {
    const { nodeClassRef, requirements } = this.cloud;
    return {
      apiVersion: apiVersionOf(NodePools),
      kind: NodePools.kind,
      metadata: { name: POOL },
      spec: {
        template: { spec: { nodeClassRef, requirements, expireAfter: "Never" } },
        disruption: { consolidateAfter: "Never", consolidationPolicy: "WhenEmpty" },
      },
    };
  }
}

function resourceOf(object: KubeObject, resources: readonly Resource[]): Resource {
  const { apiVersion, kind } = object;
  const found = resources.find((each) => each.kind === kind && apiVersionOf(each) === apiVersion);
  if (found === undefined)
    throw new Error(`the subject hands in a ${kind} of ${apiVersion}, which no resource describes`);
  return found;
}
