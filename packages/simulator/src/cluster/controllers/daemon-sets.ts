// The stand-in of the DaemonSet controller: one pod on every node that its template accepts, tied to it by name.

import type { DaemonSet, Node, Pod, PodTemplate, Taint, Toleration } from "@karpenter-multicloud/core/api";
import { DaemonSets, Nodes, Pods, untolerated } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { podFrom, sameStatus, templateHash } from "./pod-template.ts";
import { isDeleting, isReady, isTerminal } from "../pod-facts.ts";
import { acceptsNode } from "../selectors.ts";
import { WorkQueue } from "../work-queue.ts";
import { controllerKey, parseKey, podsOf } from "../world.ts";
import type { World } from "../world.ts";

const HASH_LABEL = "controller-revision-hash";

/** What every DaemonSet pod tolerates without saying so. */
const STANDARD_TOLERATIONS: readonly Toleration[] = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];

interface Views {
  readonly sets: Informer<DaemonSet>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
}

export function startDaemonSets(world: World): void {
  const views: Views = {
    sets: world.cache.informer(DaemonSets),
    pods: podsOf(world),
    nodes: world.cache.informer(Nodes),
  };
  const queue = new WorkQueue(world, "daemonset", (key) => sync(world, views, key));
  views.sets.onChange(({ after }) => {
    if (after !== undefined) queue.add(keyText(keyOf(after)));
  });
  views.pods.onChange(({ before, after }) => {
    const owner = controllerKey(after ?? before ?? { metadata: {} }, "DaemonSet");
    if (owner !== undefined) queue.add(owner);
  });
  views.nodes.onChange(({ before, after }) => {
    if (before !== undefined && after !== undefined && placing(before) === placing(after)) return;
    for (const set of views.sets.list()) queue.add(keyText(keyOf(set)));
  });
}

function placing(node: Node): string {
  return JSON.stringify([node.metadata.labels, node.spec?.taints]);
}

async function sync(world: World, views: Views, key: string): Promise<void> {
  const set = views.sets.get(parseKey(key));
  if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
  const template = templateOf(set);
  const owned = views.pods.byIndex("owner", set.metadata.uid ?? "");
  for (const node of views.nodes.list()) {
    const mine = owned.filter((pod) => targetOf(pod) === node.metadata.name);
    await syncNode(world, set, template, node, mine);
  }
  for (const pod of owned) {
    if (pod.spec.nodeName === undefined && isLost(views, pod)) await remove(world, pod);
  }
  await rollOne(world, template, owned);
  await writeStatus(world, set, template, views);
}

async function syncNode(
  world: World,
  set: DaemonSet,
  template: PodTemplate,
  node: Node,
  mine: readonly Pod[],
): Promise<void> {
  const fate = fateOn(template, node);
  if (fate === "wanted") {
    const failed = mine.filter((pod) => isTerminal(pod) && !isDeleting(pod));
    for (const pod of failed) await remove(world, pod);
    if (mine.length === failed.length) {
      await world.kube.create(Pods, podFrom(world, set, "DaemonSet", onlyOn(template, node.metadata.name ?? "")));
    }
  } else if (fate === "unwanted") {
    for (const pod of mine) if (!isDeleting(pod)) await remove(world, pod);
  }
}

/** Its node went before it was bound. */
function isLost(views: Views, pod: Pod): boolean {
  return !isDeleting(pod) && views.nodes.get({ name: targetOf(pod) ?? "" }) === undefined;
}

/** A pod that runs already stays where it only could not be scheduled any more. */
function fateOn(template: PodTemplate, node: Node): "wanted" | "tolerated" | "unwanted" {
  if (!acceptsNode(template.spec, node)) return "unwanted";
  const lacks = (...effects: readonly Taint["effect"][]): boolean =>
    untolerated(
      (node.spec?.taints ?? []).filter((taint) => effects.includes(taint.effect)),
      template.spec.tolerations,
    ) !== undefined;
  if (lacks("NoExecute")) return "unwanted";
  return lacks("NoSchedule") ? "tolerated" : "wanted";
}

/** Pods of an older template are replaced one by one, while all others are ready. */
async function rollOne(world: World, template: PodTemplate, owned: readonly Pod[]): Promise<void> {
  const revision = template.metadata?.labels?.[HASH_LABEL];
  const outdated = owned.filter((pod) => pod.metadata.labels?.[HASH_LABEL] !== revision);
  const candidate = outdated.find((pod) => !isReady(pod)) ?? outdated[0];
  if (candidate === undefined || owned.some(isDeleting)) return;
  if (owned.every((pod) => pod === candidate || isReady(pod))) await remove(world, candidate);
}

async function remove(world: World, pod: Pod): Promise<void> {
  await world.kube.delete(Pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid ?? "" } });
}

function templateOf(set: DaemonSet): PodTemplate {
  const { template } = set.spec;
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: templateHash(template) };
  const tolerations = [...(template.spec.tolerations ?? []), ...STANDARD_TOLERATIONS];
  return { metadata: { ...template.metadata, labels }, spec: { ...template.spec, tolerations } };
}

/** Replaces the template's own required terms: that the node fits them was tested here. */
function onlyOn(template: PodTemplate, nodeName: string): PodTemplate {
  const nodeAffinity = {
    ...template.spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [nodeName] }] }],
    },
  };
  return { ...template, spec: { ...template.spec, affinity: { ...template.spec.affinity, nodeAffinity } } };
}

function targetOf(pod: Pod): string | undefined {
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return pod.spec.nodeName ?? required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0];
}

async function writeStatus(world: World, set: DaemonSet, template: PodTemplate, views: Views): Promise<void> {
  const wanted = new Set(
    views.nodes.list().flatMap((node) => (fateOn(template, node) === "wanted" ? [node.metadata.name] : [])),
  );
  const pods = views.pods
    .byIndex("owner", set.metadata.uid ?? "")
    .filter((pod) => !isDeleting(pod) && !isTerminal(pod));
  const placed = pods.filter((pod) => pod.spec.nodeName !== undefined);
  const current = placed.filter((pod) => wanted.has(targetOf(pod)));
  const revision = template.metadata?.labels?.[HASH_LABEL];
  const status = {
    desiredNumberScheduled: wanted.size,
    currentNumberScheduled: current.length,
    numberMisscheduled: placed.length - current.length,
    numberReady: current.filter(isReady).length,
    numberAvailable: current.filter(isReady).length,
    updatedNumberScheduled: current.filter((pod) => pod.metadata.labels?.[HASH_LABEL] === revision).length,
    observedGeneration: set.metadata.generation ?? 1,
  };
  if (sameStatus(set.status, status)) return;
  await world.kube.patchStatus(DaemonSets, keyOf(set), { type: "merge", body: { status } });
}
