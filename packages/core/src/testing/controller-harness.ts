// Everything a controller test needs around a controller: API server in memory, cache, gate, state, clock, cloud.

import {
  CUSTOM_RESOURCES,
  NodeClaims,
  nodeClassResource,
  Nodes,
  OPTIONAL_RESOURCES,
  Pods,
  type Condition,
  type KubeObject,
  type Node,
  type NodeClaim,
  type NodeClass,
  type Pod,
  type Resource,
} from "../api/index.ts";
import type { ControllerDeps } from "../controllers/index.ts";
import { DecisionLedger } from "../decisions/index.ts";
import { createGatedClient, keyOf, Mirror, type ObjectKey } from "../kube/index.ts";
import { defaultSettings, type Settings } from "../options/index.ts";
import { UnavailableOfferings, type InstanceType } from "../provider/index.ts";
import { ControllerManager, Gate, type Controller } from "../runtime/index.ts";
import { MirroredClusterState, PoolLedger } from "../state/index.ts";
import { silentMetrics, type Metrics } from "../telemetry/index.ts";
import { seconds } from "../units/index.ts";
import {
  aNode,
  aNodeClaim,
  anInstanceType,
  TEST_CLASS,
  type NodeClaimOptions,
  type NodeOptions,
} from "./builders/index.ts";
import { EventSink } from "./event-sink.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeProvider } from "./fake-provider.ts";
import { InMemoryKube } from "./in-memory-kube/index.ts";
import { MemoryLogger } from "./memory-logger.ts";

export const TestNodeClasses: Resource<NodeClass> = {
  group: TEST_CLASS.group,
  version: "v1",
  kind: TEST_CLASS.kind,
  plural: "testnodeclasses",
  namespaced: false,
};

export const TEST_NODE_CLASS = nodeClassResource({
  resource: TestNodeClasses,
  shortNames: ["tnc"],
  description: "A NodeClass for tests.",
  spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  specRequired: false,
});

export interface HarnessOptions {
  readonly types?: readonly InstanceType[];
  readonly settings?: Partial<Settings>;
  /** To look at what was counted. @defaultValue nothing is counted */
  readonly metrics?: Metrics;
  /** The process before this one: same cluster, same cloud, same time. It must have been stopped. */
  readonly after?: ControllerHarness;
  /** Lets other work run in the middle of long work. @defaultValue all of it in one piece */
  readonly giveWay?: () => Promise<void>;
}

export class ControllerHarness {
  readonly clock: FakeClock;
  readonly logger = new MemoryLogger();
  readonly events = new EventSink();
  readonly kube: InMemoryKube;
  readonly provider: FakeProvider;
  readonly deps: ControllerDeps;
  readonly #cache: Mirror;
  readonly #stop = new AbortController();

  constructor(options: HarnessOptions = {}) {
    const { after, giveWay } = options;
    this.clock = after?.clock ?? new FakeClock();
    const { clock, logger } = this;
    const random = (): number => 0.5;
    const metrics = options.metrics ?? silentMetrics;
    this.kube =
      after?.kube ??
      new InMemoryKube({ now: () => clock.now(), customResources: [...CUSTOM_RESOURCES, TEST_NODE_CLASS] });
    this.provider = after?.provider ?? new FakeProvider(options.types ?? [anInstanceType()]);
    this.#cache = new Mirror({ client: this.kube, clock, logger, random, metrics, optional: OPTIONAL_RESOURCES });
    const cache = this.#cache;
    const settings = { ...defaultSettings({ clusterName: "test" }), ...options.settings };
    const gate = new Gate({ mode: settings.mode, clock, logger });
    const state = new MirroredClusterState({
      cache,
      clock,
      supportedNodeClasses: this.provider.supportedNodeClasses(),
      nominationWindow: seconds(20),
      unlaunchedGrace: seconds(30),
    });
    this.deps = {
      kube: createGatedClient({ client: this.kube, gate, cache }),
      cache,
      gate,
      clock,
      logger,
      metrics,
      events: this.events,
      decisions: new DecisionLedger(),
      settings,
      random,
      unavailable: new UnavailableOfferings(() => clock.now()),
      provider: this.provider,
      state,
      poolLedger: new PoolLedger({ state, clock, maxNodes: settings.maxNodes }),
      ...(giveWay && { giveWay }),
    };
  }

  /** Starts these controllers on what is stored by now. */
  async start(...controllers: readonly Controller[]): Promise<void> {
    const { cache, clock, logger, metrics, random } = this.deps;
    const manager = new ControllerManager({ cache, clock, logger, metrics, random });
    manager.add(...controllers);
    this.#cache.start(this.#stop.signal);
    manager.start(this.#stop.signal).catch((error: unknown) => logger.error("manager failed", { error }));
    await this.pass(0);
  }

  /** Lets this many milliseconds go by. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  stop(): void {
    this.#stop.abort(new Error("the test is over"));
  }

  /** Creates the object, and its status too when it has one. */
  async put<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const { uid: _, ...metadata } = object.metadata;
    const created = await this.kube.create(resource, { ...object, metadata });
    const { status } = object as { readonly status?: unknown };
    if (status === undefined) return created;
    return await this.kube.patchStatus(resource, keyOf(created), { type: "merge", body: { status } });
  }

  /** A pod as the API server takes it: every container names its image. */
  async putPod(pod: Pod): Promise<Pod> {
    const containers = pod.spec.containers.map((container) => ({ image: "example.com/app:1", ...container }));
    return await this.put(Pods, { ...pod, spec: { ...pod.spec, containers } });
  }

  /** A Node without the not-ready taint that the API server gives every new one. */
  async putNode(options: NodeOptions = {}): Promise<Node> {
    const node = await this.put(Nodes, aNode(options));
    const body = { spec: { taints: options.taints ?? null } };
    return await this.kube.patch(Nodes, keyOf(node), { type: "merge", body });
  }

  /** The class that the NodePools of the builders name, ready. */
  async putReadyClass(): Promise<void> {
    const { group, kind, name } = TEST_CLASS;
    const lastTransitionTime = "2026-01-01T00:00:00Z";
    const ready: Condition = { type: "Ready", status: "True", reason: "Ready", message: "", lastTransitionTime };
    const nodeClass = { apiVersion: `${group}/v1`, kind, metadata: { name }, status: { conditions: [ready] } };
    await this.put(TestNodeClasses, nodeClass);
  }

  /** A working machine: the cloud has it, its Node is ready, its claim initialized; all three have this name. */
  async putMachine(
    name: string,
    over: { readonly claim?: NodeClaimOptions; readonly node?: NodeOptions } = {},
  ): Promise<{ readonly node: Node; readonly claim: NodeClaim }> {
    const claim = await this.put(NodeClaims, aNodeClaim({ name, ...over.claim }));
    this.provider.machines.set(claim.status?.providerID ?? "", claim);
    return { node: await this.putNode({ name, ...over.node }), claim };
  }

  /** What a kubelet does at the end of a pod's grace. */
  async podEnds(key: ObjectKey): Promise<void> {
    await this.kube.delete(Pods, key, { gracePeriodSeconds: 0 });
  }

  /** What is stored now, or undefined. */
  async stored<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T | undefined> {
    const { items } = await this.kube.list(resource, key.namespace === undefined ? {} : { namespace: key.namespace });
    return items.find((object) => object.metadata.name === key.name);
  }
}
