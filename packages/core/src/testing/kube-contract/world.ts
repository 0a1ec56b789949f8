// What the facts share: unique names, objects to begin with, and what a refusal looks like.

import { expect } from "vitest";
import {
  ConfigMaps,
  Namespaces,
  NodeClaims,
  NodePools,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  type ConfigMap,
  type KubeObject,
  type Node,
  type NodeClaim,
  type NodePool,
  type Pod,
  type PodDisruptionBudget,
  type PodSpec,
  type Resource,
} from "../../api/index.ts";
import { keyOf, KubeError, type KubeClient, type WatchOptions } from "../../kube/index.ts";
import { WatchLog } from "./watch-log.ts";

/** A server under test. */
export interface ContractSubject {
  readonly client: KubeClient;
  clean?(): Promise<void>;
  /** Makes the server forget old versions. */
  compact?(): Promise<void>;
}

export interface Refusal {
  readonly code: number;
  readonly reason?: string;
  readonly message?: RegExp;
}

const nodeClassRef = { group: "contract.example.com", kind: "ExampleNodeClass", name: "default" };

/** A uid that no object has. */
export const OTHER_UID = "99999999-9999-4999-8999-999999999999";

export class World {
  readonly #made: (() => Promise<void>)[] = [];
  #subject: ContractSubject | undefined;
  #run = "";
  #names = 0;

  async open(subject: ContractSubject): Promise<void> {
    this.#subject = subject;
    const namespace = await subject.client.create(Namespaces, { metadata: { generateName: "kube-contract-" } });
    this.#run = namespace.metadata.name ?? "";
    this.#remember(Namespaces, namespace);
  }

  async close(): Promise<void> {
    for (const remove of this.#made.toReversed()) await remove().catch(() => undefined);
    await this.#subject?.clean?.();
  }

  get client(): KubeClient {
    if (this.#subject === undefined) throw new Error("the contract's subject is not set up");
    return this.#subject.client;
  }

  get namespace(): string {
    return this.#run;
  }

  async compact(): Promise<void> {
    await this.#subject?.compact?.();
  }

  /** Unique, also between runs against one server. */
  name(prefix: string): string {
    this.#names++;
    return `${prefix}-${this.#run.slice("kube-contract-".length)}-${this.#names}`;
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const stored = await this.client.create(resource, object);
    this.#remember(resource, stored);
    return stored;
  }

  node(metadata: Node["metadata"] = {}, rest: Omit<Node, "metadata"> = {}): Promise<Node> {
    return this.create(Nodes, { metadata: { name: this.name("node"), ...metadata }, ...rest });
  }

  aPool(change: Partial<NodePool["spec"]> = {}): NodePool {
    return {
      apiVersion: "karpenter.sh/v1",
      kind: "NodePool",
      metadata: { name: this.name("pool") },
      spec: { template: { spec: { nodeClassRef, requirements: [] } }, ...change },
    };
  }

  pool(change: Partial<NodePool["spec"]> = {}): Promise<NodePool> {
    return this.create(NodePools, this.aPool(change));
  }

  claim(metadata: NodeClaim["metadata"] = {}, change: Partial<NodeClaim["spec"]> = {}): Promise<NodeClaim> {
    return this.create(NodeClaims, {
      apiVersion: "karpenter.sh/v1",
      kind: "NodeClaim",
      metadata: { name: this.name("claim"), ...metadata },
      spec: { nodeClassRef, requirements: [], ...change },
    });
  }

  configMap(metadata: ConfigMap["metadata"] = {}, data: Record<string, string> = {}): Promise<ConfigMap> {
    return this.create(ConfigMaps, {
      metadata: { name: this.name("config"), namespace: this.namespace, ...metadata },
      data,
    });
  }

  pod(metadata: Pod["metadata"] = {}, spec: Partial<PodSpec> = {}): Promise<Pod> {
    return this.create(Pods, {
      metadata: { name: this.name("pod"), namespace: this.namespace, ...metadata },
      spec: { containers: [{ name: "main", image: "example.com/main:1" }], ...spec },
    });
  }

  /** Bound to a node that does not exist, and running as far as its status tells. */
  async runningPod(labels: Record<string, string> = {}, ready = true): Promise<Pod> {
    const pod = await this.pod({ labels });
    await this.client.bind(keyOf(pod), "nowhere");
    const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
    return this.client.patchStatus(Pods, keyOf(pod), {
      type: "strategic",
      body: { status: { phase: "Running", conditions } },
    });
  }

  /** A budget over these labels, as a disruption controller would have left it. */
  async budget(
    labels: Record<string, string>,
    status: NonNullable<PodDisruptionBudget["status"]>,
    spec: PodDisruptionBudget["spec"] = {},
  ): Promise<PodDisruptionBudget> {
    const budget = await this.create(PodDisruptionBudgets, {
      metadata: { name: this.name("budget"), namespace: this.namespace },
      spec: { minAvailable: 1, selector: { matchLabels: labels }, ...spec },
    });
    const complete = {
      currentHealthy: 1,
      desiredHealthy: 1,
      disruptionsAllowed: 0,
      expectedPods: 1,
      observedGeneration: 1,
    };
    return this.client.patchStatus(PodDisruptionBudgets, keyOf(budget), {
      type: "merge",
      body: { status: { ...complete, ...status } },
    });
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): WatchLog<T> {
    const log = new WatchLog(this.client, resource, options);
    this.#made.push(() => log.stop());
    return log;
  }

  /** The version the whole collection has now. */
  async versionOf<T extends KubeObject>(resource: Resource<T>): Promise<string> {
    return (await this.client.list(resource, { limit: 1 })).resourceVersion;
  }

  #remember<T extends KubeObject>(resource: Resource<T>, object: T): void {
    const key = keyOf(object);
    this.#made.push(async () => {
      const left = await this.client.get(resource, key);
      if (left.metadata.finalizers) {
        await this.client.patch(resource, key, { type: "merge", body: { metadata: { finalizers: null } } });
      }
      await this.client.delete(resource, key, { gracePeriodSeconds: 0 });
    });
  }
}

export async function expectRefusal(request: Promise<unknown>, refusal: Refusal): Promise<KubeError> {
  const answer = await request.then(
    (value) => value,
    (error: unknown) => error,
  );
  expect(answer).toSatisfy((value: unknown) => KubeError.is(value));
  const error = answer as KubeError;
  expect(error).toMatchObject({
    code: refusal.code,
    ...(refusal.reason === undefined ? {} : { reason: refusal.reason }),
  });
  if (refusal.message !== undefined) expect(error.message).toMatch(refusal.message);
  return error;
}
