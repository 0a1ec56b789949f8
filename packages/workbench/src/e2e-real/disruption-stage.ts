// What the tests of nodes that leave ask of a stage: the nodes of one NodePool, what became of them and in what order.

import {
  Deployments,
  DISRUPTED_TAINT,
  Events,
  hasTaint,
  isConditionTrue,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  VolumeAttachments,
  type KubeObject,
  type Node,
  type NodeClaim,
  type Pod,
  type Resource,
} from "@karpenter-multicloud/core/api";
import { isNotFound, type ObjectKey } from "@karpenter-multicloud/core/kube";
import { PATIENCE } from "../real-cluster/patience.ts";
import { History, type Change } from "./history.ts";
import { deployment, nodePool, type PoolOptions } from "./objects.ts";
import { Stage } from "./stage.ts";

export const TIME_SCALE = 60;

export class DisruptionStage {
  readonly stage: Stage;
  readonly history = new History();
  readonly #over = new AbortController();

  private constructor(stage: Stage) {
    this.stage = stage;
  }

  static async open(): Promise<DisruptionStage> {
    const env = { FEATURE_GATES: "NodeRepair=true", OVH_REPAIR_TOLERATION: "5m" };
    const self = new DisruptionStage(await Stage.open({ timeScale: TIME_SCALE, env }));
    const { controller, admin, clock } = self.stage;
    controller.start();
    await controller.leads();
    await self.stage.applyNodeClass();
    self.history.follow(admin, clock, self.#over.signal);
    return self;
  }

  async close(name: string): Promise<void> {
    this.#over.abort(new Error("the test is over"));
    await this.stage.close(name);
  }

  /** Of the cloud's own time: from the order until the Node is ready. */
  async boots(bootSeconds: number): Promise<void> {
    await this.stage.cloud.switch({ bootSeconds });
  }

  /** A NodePool with a workload of the same name, all of which runs. */
  async begin(pool: PoolOptions, { replicas, cpu = "1" }: { readonly replicas: number; readonly cpu?: string }) {
    const { name } = pool;
    await this.stage.apply([nodePool(pool), deployment({ name, pool: name, cpu, replicas })]);
    await this.until(async () => (await this.runningPods(name)).length === replicas, `${replicas} pods of ${name} run`);
    return await this.nodes(name);
  }

  /** Of everything: nothing of it is left. */
  async clear(): Promise<void> {
    const { admin } = this.stage;
    await this.stage.cloud.arm([]);
    const inDefault = { namespace: "default" };
    for (const { metadata } of (await admin.list(PodDisruptionBudgets, inDefault)).items) {
      await this.#drop(PodDisruptionBudgets, { name: metadata.name ?? "", ...inDefault });
    }
    for (const { metadata } of (await admin.list(VolumeAttachments)).items) {
      await this.#drop(VolumeAttachments, { name: metadata.name ?? "" });
    }
    for (const { metadata } of (await admin.list(Deployments, inDefault)).items) {
      await this.#drop(Deployments, { name: metadata.name ?? "", ...inDefault });
    }
    for (const { metadata } of (await admin.list(Pods, inDefault)).items) {
      await this.#drop(Pods, { name: metadata.name ?? "", ...inDefault });
    }
    for (const { metadata } of (await admin.list(NodePools)).items) {
      await this.#drop(NodePools, { name: metadata.name ?? "" });
    }
    await this.until(async () => (await admin.list(NodeClaims)).items.length === 0, "all claims are gone");
  }

  async #drop(resource: Resource, key: ObjectKey): Promise<void> {
    try {
      await this.stage.admin.delete(resource, key);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async patchPool(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.stage.admin.patch(NodePools, { name }, { type: "merge", body: { spec } });
  }

  /** By its template: every node of the pool has drifted. */
  async newEdition(name: string): Promise<void> {
    await this.patchPool(name, { template: { metadata: { labels: { "example.com/edition": "new" } } } });
  }

  /** @throws Error saying what did not come true */
  async until(isTrue: () => boolean | Promise<boolean>, what: string, timeout = PATIENCE): Promise<void> {
    if (await this.stage.clock.until(isTrue, { timeout })) return;
    const log = this.stage.controller.log.slice(-8).map((line) => line.slice(0, 400));
    const said = (await this.#newestEvents()).join("\n");
    throw new Error(`not so after ${timeout / 1000} s: ${what}\n${log.join("\n")}\n${said}`);
  }

  async nodes(pool: string): Promise<readonly Node[]> {
    return await this.#of<Node>(Nodes, pool);
  }

  async claims(pool: string): Promise<readonly NodeClaim[]> {
    return await this.#of<NodeClaim>(NodeClaims, pool);
  }

  async runningPods(app: string): Promise<readonly Pod[]> {
    const { items } = await this.stage.admin.list(Pods, { namespace: "default", labelSelector: `app=${app}` });
    return items.filter(({ status, metadata }) => status?.phase === "Running" && !metadata.deletionTimestamp);
  }

  /** Reason and message of each event about one object, oldest first. */
  async events({ kind = "", metadata }: Pick<KubeObject, "kind" | "metadata">): Promise<readonly string[]> {
    const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${metadata.name}`;
    const { items } = await this.stage.admin.list(Events, { fieldSelector });
    return items.map((event) => `${Reflect.get(event, "reason")}: ${Reflect.get(event, "message")}`);
  }

  /** Of the log lines "disrupting node(s)" that name the node. */
  methodsFor(node: string): readonly string[] {
    return this.stage.controller.log.flatMap((line) => {
      if (!line.includes("disrupting node(s)") || !line.includes(`"${node}"`)) return [];
      return [String((JSON.parse(line) as Record<string, unknown>)["method"])];
    });
  }

  /** Where in the history something became true for the first time; undefined when it never did. */
  first(isIt: (change: Change) => boolean): Change | undefined {
    return this.history.inOrder().find(isIt);
  }

  deletionOf(claim: string): Change | undefined {
    return this.first(
      ({ resource, object }) =>
        resource === "NodeClaim" && object.metadata.name === claim && object.metadata.deletionTimestamp !== undefined,
    );
  }

  initializationOf(claim: string): Change | undefined {
    return this.first(
      ({ resource, object }) =>
        resource === "NodeClaim" &&
        object.metadata.name === claim &&
        isConditionTrue(object as NodeClaim, "Initialized"),
    );
  }

  /** Whether each of `old` was deleted only when one more of `fresh` had become Initialized. */
  replacedFirst(old: readonly string[], fresh: readonly string[]): boolean {
    const inOrder = (changes: readonly (Change | undefined)[]): readonly number[] =>
      changes.map((change) => change?.version ?? Number.NaN).toSorted((a, b) => a - b);
    const ready = inOrder(fresh.map((name) => this.initializationOf(name)));
    const gone = inOrder(old.map((name) => this.deletionOf(name)));
    return gone.every((version, index) => version > (ready[index] ?? Number.POSITIVE_INFINITY));
  }

  async taintedNodes(): Promise<readonly string[]> {
    const { items } = await this.stage.admin.list(Nodes);
    const tainted = items.filter(({ spec }) => hasTaint(spec?.taints, DISRUPTED_TAINT));
    return tainted.map(({ metadata }) => metadata.name ?? "");
  }

  async #newestEvents(): Promise<readonly string[]> {
    const { items } = await this.stage.admin.list(Events);
    const text = (event: KubeObject, key: string): string => String(Reflect.get(event, key));
    const newest = items
      .filter((event) => Reflect.get(event, "lastTimestamp") !== null)
      .toSorted((a, b) => text(b, "lastTimestamp").localeCompare(text(a, "lastTimestamp")));
    return newest.slice(0, 12).map((event) => {
      const { kind, name } = Object(Reflect.get(event, "involvedObject")) as Readonly<Record<string, string>>;
      return `${text(event, "lastTimestamp")} ${kind} ${name} ${text(event, "reason")}: ${text(event, "message")}`;
    });
  }

  async #of<T extends KubeObject>(resource: typeof Nodes | typeof NodeClaims, pool: string): Promise<readonly T[]> {
    const labelSelector = `${Label.NodePool}=${pool}`;
    return (await this.stage.admin.list(resource, { labelSelector })).items as readonly KubeObject[] as readonly T[];
  }
}

export function namesOf(objects: readonly KubeObject[]): readonly string[] {
  return objects.map(({ metadata }) => metadata.name ?? "").toSorted();
}
