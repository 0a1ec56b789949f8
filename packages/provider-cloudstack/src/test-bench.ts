// For tests of this package: the provider on a manual clock, between an API server in memory and the fake CloudStack API over HTTP.

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

import { CLOUDSTACK_CUSTOM_RESOURCES } from "./api/cloudstack-node-class.schema.ts";
import { CLOUDSTACK_NODE_CLASS_KIND, CloudStackNodeClasses } from "./api/cloudstack-node-class.ts";
import type { CloudStackNodeClass, CloudStackNodeClassSpec } from "./api/cloudstack-node-class.ts";
import { createCloudStackProvider } from "./create-provider.ts";
import { startFakeCloudStack } from "./testing/index.ts";
import type { FakeCloudStack, FakeCloudStackOptions, ViolationKind } from "./testing/index.ts";

export interface BenchOptions {
  readonly fake?: Partial<Omit<FakeCloudStackOptions, "clock">>;
  /** Over the class of the older product's document. */
  readonly spec?: Partial<CloudStackNodeClassSpec>;
  readonly env?: Readonly<Record<string, string>>;
  readonly metrics?: Metrics;
}

export interface ClaimOptions {
  readonly types?: readonly string[];
  readonly zones?: readonly string[];
  readonly capacityTypes?: readonly string[];
  readonly requests?: Readonly<Record<string, string>>;
  readonly requirements?: readonly RequirementSpec[];
  readonly nodeClass?: string;
}

const STEP_MS = 500;
/** On a busy machine the answers of the fake take longer than the clock of the test thinks. */
const MOST_LOOKS = 30;

/** As in the document of the older product (T-01). */
export const DOCUMENT_SPEC: CloudStackNodeClassSpec = {
  zone: "zone-01",
  networkSelectorTerms: [{ tags: { "karpenter.sh/discovery": "my-cluster" } }],
  serviceOfferingSelectorTerms: [{ tags: { "karpenter.sh/discovery": "my-cluster" } }],
  templateSelectorTerms: [{ tags: { os: "ubuntu", version: "22.04" } }],
  userData: '#!/bin/bash\necho "Node initialization script"\n',
};

const { zone: _zone, ...WITHOUT_ZONE } = DOCUMENT_SPEC;

interface Process {
  readonly built: BuiltProvider;
  readonly stop: AbortController;
}

export class Bench {
  readonly clock: FakeClock;
  readonly logger = new MemoryLogger();
  readonly events = new EventSink();
  readonly fake: FakeCloudStack;
  readonly kube: InMemoryKube;
  readonly #options: BenchOptions;
  #process: Process;

  private constructor(fake: FakeCloudStack, clock: FakeClock, options: BenchOptions) {
    this.fake = fake;
    this.clock = clock;
    this.#options = options;
    this.kube = new InMemoryKube({
      now: () => clock.now(),
      customResources: [...CUSTOM_RESOURCES, ...CLOUDSTACK_CUSTOM_RESOURCES],
      schedule: (delay, callback) => clock.schedule(clock.now() + delay, callback),
    });
    this.#process = this.#started();
  }

  /** With one class named default, which is looked at until it is ready (or visibly is not). */
  static async start(options: BenchOptions = {}): Promise<Bench> {
    const clock = new FakeClock();
    const fake = await startFakeCloudStack({ clock, speed: "real", ...options.fake });
    const bench = new Bench(fake, clock, options);
    await bench.#describeCluster();
    await bench.putClass("default", options.spec);
    await bench.pass(5_000);
    for (let look = 0; look < MOST_LOOKS && !(await bench.isLookedAt("default")); look++) await bench.pass(1_000);
    return bench;
  }

  get provider(): BuiltProvider["provider"] {
    return this.#process.built.provider;
  }

  get signal(): AbortSignal {
    return this.#process.stop.signal;
  }

  async putClass(name: string, spec: Partial<CloudStackNodeClassSpec> = {}): Promise<void> {
    await this.kube.create(CloudStackNodeClasses, {
      apiVersion: "karpenter.k8s.cloudstack/v1",
      kind: "CloudStackNodeClass",
      metadata: { name },
      spec: "zones" in spec ? { ...WITHOUT_ZONE, ...spec } : { ...DOCUMENT_SPEC, ...spec },
    });
  }

  async deleteClass(name: string): Promise<void> {
    await this.kube.delete(CloudStackNodeClasses, { name });
  }

  /** Somebody takes it away with its finalizer: its machine has no owner any more. */
  async forgetClaim(name: string): Promise<void> {
    await this.kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
    await this.kube.delete(NodeClaims, { name });
  }

  async isLookedAt(name: string): Promise<boolean> {
    return (await this.condition("Ready", name)) !== "absent";
  }

  nodeClass(name = "default"): Promise<CloudStackNodeClass> {
    return this.kube.get(CloudStackNodeClasses, { name });
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
    const { types = ["medium"], zones, capacityTypes, requests = { cpu: "1" }, requirements = [] } = options;
    const isIn = (key: string, values: readonly string[] | undefined): readonly RequirementSpec[] =>
      values === undefined ? [] : [{ key, operator: "In", values }];
    return this.kube.create(NodeClaims, {
      apiVersion: "karpenter.sh/v1",
      kind: "NodeClaim",
      metadata: { name, finalizers: [TERMINATION_FINALIZER], labels: { [Label.NodePool]: "default" } },
      spec: {
        nodeClassRef: { ...CLOUDSTACK_NODE_CLASS_KIND, name: options.nodeClass ?? "default" },
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
          spec: { nodeClassRef: { ...CLOUDSTACK_NODE_CLASS_KIND, name: "default" }, requirements },
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

  /** Requests of that command, with their parameters. */
  calls(command: string): readonly (LoggedRequest & { readonly body: Readonly<Record<string, string>> })[] {
    const entries = this.fake.requestLog().filter(({ operation }) => operation === command);
    return entries.map((entry) => ({ ...entry, body: entry.body as Readonly<Record<string, string>> }));
  }

  /** What core writes once a machine is known, and once its node has joined. */
  async markLaunched(name: string, ...more: readonly string[]): Promise<void> {
    const lastTransitionTime = new Date(this.clock.now()).toISOString();
    const conditions = ["Launched", ...more].map((type) => ({
      type,
      status: "True",
      reason: type,
      message: "",
      lastTransitionTime,
    }));
    await this.kube.patchStatus(NodeClaims, { name }, { type: "merge", body: { status: { conditions } } });
    await this.pass(100);
  }

  eventReasons(): readonly string[] {
    return this.events.notes.map(({ reason }) => reason);
  }

  /** Throws when the fake saw something that a safe client never does, besides what the test has provoked. */
  async close(...provoked: readonly ViolationKind[]): Promise<void> {
    const breaches = (await this.fake.invariants()).filter(({ kind }) => !provoked.includes(kind));
    this.#process.stop.abort(new Error("the test is over"));
    await this.clock.settle();
    await this.fake.close();
    if (breaches.length > 0) throw new Error(breaches.map(({ kind, message }) => `${kind}: ${message}`).join("\n"));
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
    const { apiUrl, apiKey, secretKey } = this.fake.credentials;
    const env = {
      CLOUDSTACK_API_URL: apiUrl,
      CLOUDSTACK_API_KEY: apiKey,
      CLOUDSTACK_SECRET_KEY: secretKey,
      CLOUDSTACK_API_QPS: "1000",
      CLOUDSTACK_API_BURST: "1000",
    };
    const ports = { kube, cache, gate, clock, logger, events, settings, random, unavailable };
    const built = createCloudStackProvider(
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

/** The machine's own id in a claim's status. */
export function machineIdOf({ status }: NodeClaim): string {
  return status?.providerID?.split("/").at(-1) ?? "";
}
