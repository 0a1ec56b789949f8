// The stand-in of kube-scheduler: binds pending pods to nodes, or says on the pod why none will do.
//
// All pending pods are looked at in one sweep shortly after something changed, by priority, then age. There is no preemption.

import type { Node, PartialCondition, Pod } from "@karpenter-multicloud/core/api";
import { Nodes, Pods, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { isConflict, isNotFound, keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { compareText, milliseconds } from "@karpenter-multicloud/core/units";
import { refusals, unschedulableMessage } from "./node-filters.ts";
import { NodeView } from "./node-view.ts";
import { hasAntiAffinity, placementRules } from "./placement-rules.ts";
import { isDeleting, isTerminal, podRequests } from "./pod-facts.ts";
import { WorkQueue } from "./work-queue.ts";
import { parseKey, podsOf } from "./world.ts";
import type { World } from "./world.ts";

/** Changes of the same moment are looked at together. */
const SWEEP_DELAY = milliseconds(10);
const SWEEP = "sweep";

interface Sweep {
  readonly views: readonly NodeView[];
  /** Nodes with a pod that keeps others away. */
  readonly guarded: Set<NodeView>;
  /** Shapes of pods that found no place, with the message. */
  readonly refused: Map<string, string>;
}

export function startScheduler(world: World): void {
  const scheduler = new Scheduler(world);
  scheduler.start();
}

class Scheduler {
  readonly #world: World;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #pending = new Set<string>();
  readonly #queue: WorkQueue;

  constructor(world: World) {
    this.#world = world;
    this.#pods = podsOf(world);
    this.#nodes = world.cache.informer(Nodes);
    this.#queue = new WorkQueue(world, "scheduler", () => this.#sweep());
  }

  start(): void {
    this.#pods.onChange(({ before, after }) => {
      const pod = after ?? before;
      if (pod === undefined) return;
      const key = keyText(keyOf(pod));
      const waits = after !== undefined && isPending(after);
      const isNew = waits && !this.#pending.has(key);
      if (waits) this.#pending.add(key);
      else this.#pending.delete(key);
      const gatesOpened = waits && isGated(before) && !isGated(after);
      if (isNew || gatesOpened || frees(before, after)) this.#wake();
    });
    this.#nodes.onChange(({ before, after }) => {
      if (after !== undefined && (before === undefined || matters(before, after))) this.#wake();
    });
  }

  #wake(): void {
    if (this.#pending.size > 0) this.#queue.addAfter(SWEEP, SWEEP_DELAY);
  }

  async #sweep(): Promise<void> {
    const pods = [...this.#pending].flatMap((key) => this.#pods.get(parseKey(key)) ?? []).filter(isPending);
    const views = this.#nodes
      .list()
      .map((node) => new NodeView(node, this.#pods.byIndex("node", node.metadata.name ?? "").filter(counts)));
    const guarded = new Set(views.filter((view) => view.pods.some(hasAntiAffinity)));
    const sweep: Sweep = { views, guarded, refused: new Map() };
    for (const pod of pods.sort(byUrgency)) {
      if (this.#world.signal.aborted) return;
      await this.#place(pod, sweep).catch(ignoreGone);
    }
  }

  async #place(pod: Pod, sweep: Sweep): Promise<void> {
    if (isGated(pod)) {
      return this.#say(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates");
    }
    const shape = shapeOf(pod);
    const known = sweep.refused.get(shape);
    const choice = known === undefined ? choose(pod, sweep) : { message: known };
    if ("message" in choice) {
      if (!canBeHelped(pod)) sweep.refused.set(shape, choice.message);
      return this.#say(pod, "Unschedulable", choice.message);
    }
    choice.view.add(pod);
    if (hasAntiAffinity(pod)) sweep.guarded.add(choice.view);
    await this.#world.kube.bind(keyOf(pod), choice.view.name);
    await this.#markScheduled(pod);
  }

  async #markScheduled(pod: Pod): Promise<void> {
    const bound = await this.#world.kube.get(Pods, keyOf(pod));
    this.#world.cache.apply(Pods, bound);
    const isMarked = bound.status?.conditions?.some((each) => each.type === "PodScheduled" && each.status === "True");
    if (isMarked !== true) await this.#setCondition(bound, { type: "PodScheduled", status: "True" });
  }

  async #say(pod: Pod, reason: string, message: string): Promise<void> {
    const said = pod.status?.conditions?.find((each) => each.type === "PodScheduled");
    if (said?.status === "False" && said.reason === reason && said.message === message) return;
    await this.#setCondition(pod, { type: "PodScheduled", status: "False", reason, message });
  }

  async #setCondition(pod: Pod, condition: PartialCondition): Promise<void> {
    const conditions = pod.status?.conditions ?? [];
    const before = conditions.find((each) => each.type === condition.type);
    const since =
      before?.status === condition.status && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : toRfc3339(this.#world.clock.now());
    const others = conditions.filter((each) => each.type !== condition.type);
    await this.#world.kube.patchStatus(Pods, keyOf(pod), {
      type: "merge",
      body: { status: { conditions: [...others, { ...condition, lastTransitionTime: since }] } },
    });
  }
}

/** The least allocated node that takes the pod, the first by name among equals; or why there is none. */
function choose(pod: Pod, { views, guarded }: Sweep): { readonly view: NodeView } | { readonly message: string } {
  const rules = placementRules(pod, views, guarded);
  const reasons: string[] = [];
  let best: { readonly view: NodeView; readonly score: number } | undefined;
  for (const view of views) {
    const refusal = refusals(pod, view, rules);
    reasons.push(...refusal);
    if (refusal.length > 0) continue;
    const score = view.scoreWith(podRequests(pod));
    if (best === undefined || score > best.score) best = { view, score };
  }
  return best ?? { message: unschedulableMessage(views.length, reasons) };
}

function isPending(pod: Pod): boolean {
  const scheduler = pod.spec.schedulerName ?? "default-scheduler";
  return pod.spec.nodeName === undefined && scheduler === "default-scheduler" && !isDeleting(pod) && !isTerminal(pod);
}

function isGated(pod: Pod | undefined): boolean {
  return (pod?.spec.schedulingGates ?? []).length > 0;
}

/** Terminating pods hold their place until they are gone. */
function counts(pod: Pod): boolean {
  return !isTerminal(pod);
}

/** The change gave something back to a node, or may have satisfied another pod's affinity. */
function frees(before: Pod | undefined, after: Pod | undefined): boolean {
  if (after === undefined) return before?.spec.nodeName !== undefined;
  if (after.spec.nodeName === undefined) return false;
  const began = before?.spec.nodeName === undefined;
  return (
    began || (isTerminal(after) && !isTerminal(before ?? after)) || (isDeleting(after) && !isDeleting(before ?? after))
  );
}

/** Heartbeats and conditions do not; what the filters read does. */
function matters(before: Node, after: Node): boolean {
  const read = (node: Node): string =>
    JSON.stringify([
      node.metadata.labels,
      node.spec?.taints?.map(({ key, value, effect }) => [key, value, effect]),
      node.spec?.unschedulable,
      node.status?.allocatable,
    ]);
  return read(before) !== read(after);
}

function byUrgency(a: Pod, b: Pod): number {
  return (
    (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
    compareText(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    compareText(keyText(keyOf(a)), keyText(keyOf(b)))
  );
}

const shapes = new WeakMap<Pod, string>();

/** Pods with equal shapes get equal answers. */
function shapeOf(pod: Pod): string {
  const known = shapes.get(pod);
  if (known !== undefined) return known;
  const shape = JSON.stringify([pod.metadata.namespace, pod.metadata.labels, pod.spec]);
  shapes.set(pod, shape);
  return shape;
}

/** Pods placed later in the same sweep may open a place for this one. */
function canBeHelped(pod: Pod): boolean {
  return pod.spec.affinity?.podAffinity !== undefined || (pod.spec.topologySpreadConstraints ?? []).length > 0;
}

function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}
