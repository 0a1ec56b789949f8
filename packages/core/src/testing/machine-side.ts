// What machines and the cloud's agents do to Node objects: a kubelet registers and reports, the cloud removes what is gone.

import type { Node, PartialCondition, Pod, Taint } from "../api/index.ts";
import { hasTaint, Label, Nodes, Pods, sameTaint, toRfc3339 } from "../api/index.ts";
import { isAlreadyExists, isConflict, isNotFound, keyOf } from "../kube/index.ts";
import type { KubeClient, Patch } from "../kube/index.ts";
import type { Clock } from "../runtime/index.ts";
import type { MachineHooks, NodeEdit } from "./machine-hooks.ts";

const NOT_READY: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };
const STARTING: readonly Taint[] = [
  NOT_READY,
  { key: "node.kubernetes.io/not-ready", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unreachable", effect: "NoExecute" },
  { key: "node.cloudprovider.kubernetes.io/uninitialized", effect: "NoSchedule" },
];

/** Works against any API server; a Node that is not there (any more) is nothing to complain about. */
export class MachineSide implements MachineHooks {
  readonly #kube: KubeClient;
  readonly #clock: Clock;

  constructor(kube: KubeClient, clock: Clock) {
    this.#kube = kube;
    this.#clock = clock;
  }

  /** A Node of this name from an earlier life is taken over, as a kubelet does after a reboot. */
  async nodeJoins(node: Node): Promise<void> {
    const { name = "", labels } = node.metadata;
    const { taints = [] } = node.spec ?? {};
    const ready = this.#ready("False", "KubeletNotReady", "the container runtime network is not ready");
    // Not ready from the first moment: without the condition the node lifecycle controller takes the taint away again.
    const joining: Node = {
      ...node,
      apiVersion: "v1",
      kind: "Node",
      metadata: { ...node.metadata, labels: { [Label.Hostname]: name, ...labels } },
      spec: { ...node.spec, taints: hasTaint(taints, NOT_READY) ? taints : [...taints, NOT_READY] },
      status: { ...node.status, conditions: withCondition(node.status?.conditions, ready) },
    };
    try {
      await this.#kube.create(Nodes, joining);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    await this.#report(name, (old) => ({ ...old, ...node.status, conditions: withCondition(old?.conditions, ready) }));
  }

  async nodeReady(name: string): Promise<void> {
    const ready = this.#ready("True", "KubeletReady", "kubelet is posting ready status");
    await this.#report(name, (old) => ({ conditions: withCondition(old?.conditions, ready) }));
    await this.nodeEdited(name, { removeTaints: STARTING });
  }

  async nodeNotReady(name: string): Promise<void> {
    const ready = this.#ready("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.");
    await this.#report(name, (old) => ({ conditions: withCondition(old?.conditions, ready) }));
  }

  /** Nobody waits for grace periods on a machine that is gone, but finalizers keep the Node object until they are done. */
  async nodeLeaves(name: string): Promise<void> {
    await this.nodeNotReady(name);
    const { items } = await this.#kube.list(Pods, { fieldSelector: `spec.nodeName=${name}` });
    for (const pod of items) await removeNow(this.#kube, pod).catch(ignoreGone);
    await this.#kube.delete(Nodes, { name }).catch(ignoreGone);
  }

  async nodeExists(name: string): Promise<boolean> {
    return (await this.#find(name)) !== undefined;
  }

  async nodeEdited(name: string, edit: NodeEdit): Promise<void> {
    const { labels, annotations, addTaints = [], removeTaints = [] } = edit;
    await this.#change(name, (node) => {
      const before = node.spec?.taints ?? [];
      const kept = before.filter((taint) => !removeTaints.some((each) => sameTaint(each, taint)));
      const taints = [...kept, ...addTaints.filter((taint) => !hasTaint(kept, taint))];
      const metadata = { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
      return { metadata, ...(sameTaints(before, taints) ? {} : { spec: { taints } }) };
    });
  }

  #ready(status: PartialCondition["status"], reason: string, message: string): PartialCondition {
    return { type: "Ready", status, reason, message, lastTransitionTime: toRfc3339(this.#clock.now()) };
  }

  async #find(name: string): Promise<Node | undefined> {
    try {
      return await this.#kube.get(Nodes, { name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #report(name: string, change: (status: Node["status"]) => NonNullable<Node["status"]>): Promise<void> {
    const node = await this.#find(name);
    if (node === undefined) return;
    const patch: Patch = { type: "merge", body: { status: change(node.status) } };
    await this.#kube.patchStatus(Nodes, { name }, patch).catch(ignoreNotFound);
  }

  /** Again while somebody else changes the Node at the same time. */
  async #change(name: string, edit: (node: Node) => Readonly<Record<string, unknown>>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const node = await this.#find(name);
      if (node === undefined) return;
      const body = edit(node);
      const { resourceVersion } = node.metadata;
      const metadata = { ...(body["metadata"] as object), resourceVersion };
      try {
        await this.#kube.patch(Nodes, { name }, { type: "merge", body: { ...body, metadata } });
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error) || attempt >= 20) throw error;
      }
    }
  }
}

/** Without asking a kubelet: there is none any more. */
export async function removeNow(kube: KubeClient, pod: Pod): Promise<void> {
  const { uid } = pod.metadata;
  await kube.delete(Pods, keyOf(pod), {
    gracePeriodSeconds: 0,
    ...(uid === undefined ? {} : { preconditions: { uid } }),
  });
}

function withCondition(
  conditions: readonly PartialCondition[] | undefined,
  condition: PartialCondition,
): readonly PartialCondition[] {
  const before = conditions?.find((each) => each.type === condition.type);
  const others = (conditions ?? []).filter((each) => each !== before);
  const since = before?.status === condition.status ? before.lastTransitionTime : condition.lastTransitionTime;
  return [...others, { ...condition, ...(since === undefined ? {} : { lastTransitionTime: since }) }];
}

function sameTaints(a: readonly Taint[], b: readonly Taint[]): boolean {
  return a.length === b.length && a.every((taint, i) => taint === b[i]);
}

function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
