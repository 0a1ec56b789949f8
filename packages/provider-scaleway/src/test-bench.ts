// For tests of this package: the provider on a manual clock, between an API server in memory and the fake Scaleway API over HTTP.

import { ConfigMaps, CUSTOM_RESOURCES, Label, NodeClaims, TERMINATION_FINALIZER } from "@karpenter-multicloud/core/api";
import type { ConfigMap, NodeClaim, NodePool, RequirementSpec } from "@karpenter-multicloud/core/api";
import type { BuiltProvider } from "@karpenter-multicloud/core/controllers";
import { DecisionLedger } from "@karpenter-multicloud/core/decisions";
import { createGatedClient, Mirror } from "@karpenter-multicloud/core/kube";
import { defaultSettings } from "@karpenter-multicloud/core/options";
import { hasCode, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import { ControllerManager, Gate } from "@karpenter-multicloud/core/runtime";
import { silentMetrics } from "@karpenter-multicloud/core/telemetry";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";
import { EventSink, FakeClock, InMemoryKube, MemoryLogger } from "@karpenter-multicloud/core/testing";
import { TEST_CA, TEST_CLUSTER } from "@karpenter-multicloud/core/testing/cloud-init";
import type { LoggedRequest } from "@karpenter-multicloud/core/testing/fake-cloud";

import { SCALEWAY_CUSTOM_RESOURCES } from "./api/scaleway-node-class.schema.ts";
import { SCALEWAY_NODE_CLASS_KIND, ScalewayNodeClasses } from "./api/scaleway-node-class.ts";
import type { ScalewayNodeClass, ScalewayNodeClassSpec } from "./api/scaleway-node-class.ts";
import { createScalewayProvider } from "./create-provider.ts";
import { startFakeScaleway } from "./testing/index.ts";
import type { FakeScaleway, FakeScalewayOptions, ViolationKind } from "./testing/index.ts";

export interface BenchOptions {
  readonly fake?: Partial<Omit<FakeScalewayOptions, "clock">>;
  readonly spec?: ScalewayNodeClassSpec;
  readonly metrics?: Metrics;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ClaimOptions {
  /** @defaultValue default */
  readonly nodeClass?: string;
  readonly types?: readonly string[];
  readonly zones?: readonly string[];
  readonly capacityTypes?: readonly string[];
  readonly requests?: Readonly<Record<string, string>>;
  readonly requirements?: readonly RequirementSpec[];
}

const STEP_MS = 500;
/** On a busy machine the fake's answers need more than one turn of the clock. */
const LOOKS = 50;

interface Process {
  readonly built: BuiltProvider;
  readonly stop: AbortController;
}

export class Bench {
  readonly clock: FakeClock;
  readonly logger = new MemoryLogger();
  readonly events = new EventSink();
  readonly fake: FakeScaleway;
  readonly kube: InMemoryKube;
  readonly #options: BenchOptions;
  #process: Process;

  private constructor(fake: FakeScaleway, clock: FakeClock, options: BenchOptions) {
    this.fake = fake;
    this.clock = clock;
    this.#options = options;
    this.kube = new InMemoryKube({
      now: () => clock.now(),
      customResources: [...CUSTOM_RESOURCES, ...SCALEWAY_CUSTOM_RESOURCES],
      schedule: (delay, callback) => clock.schedule(clock.now() + delay, callback),
    });
    this.#process = this.#started();
  }

  /** With one class named default, which is looked at until it is ready (or visibly is not). */
  static async start(options: BenchOptions = {}): Promise<Bench> {
    const clock = new FakeClock();
    const fake = await startFakeScaleway({ clock, speed: "real", ...options.fake });
    const bench = new Bench(fake, clock, options);
    await bench.#describeCluster();
    await bench.putClass("default", options.spec);
    await bench.pass(5_000);
    for (let look = 0; look < LOOKS && !(await bench.#isJudged()); look++) await bench.pass(100);
    return bench;
  }

  get provider(): BuiltProvider["provider"] {
    return this.#process.built.provider;
  }

  get signal(): AbortSignal {
    return this.#process.stop.signal;
  }

  async putClass(name: string, spec: ScalewayNodeClassSpec = {}): Promise<void> {
    await this.kube.create(ScalewayNodeClasses, {
      apiVersion: "karpenter.scaleway.com/v1alpha1",
      kind: "ScalewayNodeClass",
      metadata: { name },
      spec: { zones: ["fr-par-1", "fr-par-2"], ...spec },
    });
  }

  nodeClass(name = "default"): Promise<ScalewayNodeClass> {
    return this.kube.get(ScalewayNodeClasses, { name });
  }

  async condition(type: string, name = "default"): Promise<string> {
    const { status } = await this.nodeClass(name);
    const found = status?.conditions?.find((condition) => condition.type === type);
    return found === undefined ? "absent" : `${found.status} ${found.reason}: ${found.message}`;
  }

  claim(name: string): Promise<NodeClaim> {
    return this.kube.get(NodeClaims, { name });
  }

  async claims(): Promise<readonly NodeClaim[]> {
    return (await this.kube.list(NodeClaims)).items;
  }

  async putClaim(name: string, options: ClaimOptions = {}): Promise<NodeClaim> {
    const { types = ["PRO2-XXS"], zones, capacityTypes, requests = { cpu: "1" }, requirements = [] } = options;
    const nodeClass = options.nodeClass ?? "default";
    const isIn = (key: string, values: readonly string[] | undefined): readonly RequirementSpec[] =>
      values === undefined ? [] : [{ key, operator: "In", values }];
    return this.kube.create(NodeClaims, {
      apiVersion: "karpenter.sh/v1",
      kind: "NodeClaim",
      metadata: { name, finalizers: [TERMINATION_FINALIZER], labels: { [Label.NodePool]: "default" } },
      spec: {
        nodeClassRef: { ...SCALEWAY_NODE_CLASS_KIND, name: nodeClass },
        requirements: [
          ...isIn(Label.InstanceType, types),
          ...isIn(Label.Zone, zones),
          ...isIn(Label.CapacityType, capacityTypes),
          ...requirements,
        ],
        resources: { requests },
        expireAfter: "720h",
      },
    });
  }

  /** As core does it: the answer is stored. */
  async launch(name: string, options?: ClaimOptions): Promise<NodeClaim> {
    const known = await this.claim(name).catch(() => undefined);
    const claim = known ?? (await this.putClaim(name, options));
    const launched = await this.during(this.provider.create(claim, { signal: this.signal }));
    const { labels, annotations } = launched.metadata;
    await this.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { labels, annotations } } });
    return this.kube.patchStatus(NodeClaims, { name }, { type: "merge", body: { status: launched.status } });
  }

  /** What a launch fails with. */
  async refusal(name: string, options?: ClaimOptions): Promise<Error> {
    try {
      await this.launch(name, options);
    } catch (error) {
      return error as Error;
    }
    throw new Error(`nodeclaim ${name} was launched`);
  }

  /** One call; true when nothing is left of the machine. */
  async deleteOnce(claim: NodeClaim): Promise<boolean> {
    try {
      await this.during(this.provider.delete(claim, { signal: this.signal }));
      return false;
    } catch (error) {
      if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) throw error;
      return true;
    }
  }

  /** As core does it: asked every 5 seconds until the machine is gone, then released. */
  async remove(name: string): Promise<void> {
    await this.kube.delete(NodeClaims, { name });
    while (!(await this.deleteOnce(await this.claim(name)))) await this.pass(5_000);
    await this.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
  }

  async types(requirements: readonly RequirementSpec[] = []): Promise<readonly InstanceType[]> {
    const pool: NodePool = {
      metadata: { name: "default" },
      spec: {
        template: {
          spec: { nodeClassRef: { ...SCALEWAY_NODE_CLASS_KIND, name: "default" }, requirements },
        },
      },
    };
    const { items } = await this.during(this.provider.getInstanceTypes(pool, { signal: this.signal }));
    return items;
  }

  async type(name: string, requirements?: readonly RequirementSpec[]): Promise<InstanceType | undefined> {
    return (await this.types(requirements)).find((each) => each.name === name);
  }

  async collect(): Promise<void> {
    const claims = await this.claims();
    await this.during(this.provider.collectGarbage?.(claims, { signal: this.signal }) ?? Promise.resolve());
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Moves the clock until the work is done. */
  async during<T>(work: Promise<T>, atMostMs = 30 * 60_000): Promise<T> {
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
    this.#process.stop.abort(new Error("the process ended"));
    await this.clock.settle();
    this.#process = this.#started();
    await this.pass(2_000);
  }

  writes(operation?: string): readonly LoggedRequest[] {
    return this.fake
      .requestLog()
      .filter((entry) => entry.method !== "GET" && (operation === undefined || entry.operation === operation));
  }

  /** Throws when the fake saw something that a safe client never does, besides what the test has provoked. */
  async close(...provoked: readonly ViolationKind[]): Promise<void> {
    const breaches = (await this.fake.invariants()).filter(({ kind }) => !provoked.includes(kind));
    this.#process.stop.abort(new Error("the test is over"));
    await this.clock.settle();
    await this.fake.close();
    if (breaches.length > 0) throw new Error(breaches.map(({ kind, message }) => `${kind}: ${message}`).join("\n"));
  }

  async #isJudged(): Promise<boolean> {
    return (await this.nodeClass()).status?.conditions !== undefined;
  }

  async #describeCluster(): Promise<void> {
    const authority = Buffer.from(TEST_CA).toString("base64");
    const cluster = { server: `https://${TEST_CLUSTER.endpoint}`, "certificate-authority-data": authority };
    const kubeconfig = JSON.stringify({ clusters: [{ name: "", cluster }] });
    const ClusterConfiguration = `kubernetesVersion: ${TEST_CLUSTER.kubernetesVersion}\n`;
    const map = (namespace: string, name: string, data: Readonly<Record<string, string>>): ConfigMap => ({
      metadata: { namespace, name },
      data,
    });
    await this.kube.create(ConfigMaps, map("kube-public", "cluster-info", { kubeconfig }));
    await this.kube.create(ConfigMaps, map("kube-system", "kubeadm-config", { ClusterConfiguration }));
  }

  #started(): Process {
    const { clock, logger, events } = this;
    const random = (): number => 0.5;
    const stop = new AbortController();
    const unavailable = new UnavailableOfferings(() => clock.now());
    const settings = defaultSettings({ clusterName: "prod" });
    const cache = new Mirror({ client: this.kube, clock, logger, random });
    const gate = new Gate({ mode: settings.mode, clock, logger });
    const kube = createGatedClient({ client: this.kube, gate, cache });
    const { accessKey, secretKey, projectId } = this.fake.credentials;
    const env = {
      SCW_ACCESS_KEY: accessKey,
      SCW_SECRET_KEY: secretKey,
      SCW_DEFAULT_PROJECT_ID: projectId,
      SCW_API_URL: `${this.fake.url}/`,
      SCW_QPS: "1000",
      SCW_BURST: "1000",
    };
    const ports = { kube, cache, gate, clock, logger, events, settings, random, unavailable };
    const built = createScalewayProvider(
      { ...ports, metrics: this.#options.metrics ?? silentMetrics, decisions: new DecisionLedger() },
      { ...env, ...this.#options.env },
    );
    const manager = new ControllerManager({ cache, clock, logger, metrics: silentMetrics, random });
    manager.add(...built.controllers);
    cache.start(stop.signal);
    manager.start(stop.signal).catch((error: unknown) => logger.error("manager failed", { error }));
    return { built, stop };
  }
}

/** The server's own id in a claim's status. */
export function serverIdOf({ status }: NodeClaim): string {
  return status?.providerID?.split("/").at(-1) ?? "";
}
