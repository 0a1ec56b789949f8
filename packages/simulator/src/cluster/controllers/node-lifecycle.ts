// The stand-in of the node lifecycle controller and the pod garbage collector: taints that follow a node's health,
// pods of an unhealthy node lose their readiness, and pods whose node is gone are removed.

import type { Node, Pod, Taint } from "@karpenter-multicloud/core/api";
import { hasTaint, Nodes, Pods, sameTaint, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { removeNow } from "@karpenter-multicloud/core/testing";
import { conditionStatus, isReady } from "../pod-facts.ts";
import { WorkQueue } from "../work-queue.ts";
import { parseKey, podsOf } from "../world.ts";
import type { World } from "../world.ts";

function bothEffects(key: string): readonly Taint[] {
  return [
    { key, effect: "NoSchedule" },
    { key, effect: "NoExecute" },
  ];
}

const NOT_READY = bothEffects("node.kubernetes.io/not-ready");
const UNREACHABLE = bothEffects("node.kubernetes.io/unreachable");
const UNSCHEDULABLE: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
const OWN: readonly Taint[] = [...NOT_READY, ...UNREACHABLE, UNSCHEDULABLE];

export function startNodeLifecycle(world: World): void {
  const nodes = world.cache.informer(Nodes);
  const pods = podsOf(world);
  const health = new WorkQueue(world, "node-lifecycle", (key) => syncNode(world, nodes, pods, key));
  const orphans = new WorkQueue(world, "pod-garbage-collector", (key) => collect(world, nodes, pods, key));
  nodes.onChange(({ before, after }) => {
    if (after !== undefined) return health.add(after.metadata.name ?? "");
    for (const pod of pods.byIndex("node", before?.metadata.name ?? "")) orphans.add(keyText(keyOf(pod)));
  });
  pods.onChange(({ after }) => {
    const node = after?.spec.nodeName;
    if (after !== undefined && node !== undefined && nodes.get({ name: node }) === undefined) {
      orphans.add(keyText(keyOf(after)));
    }
  });
}

/** The taints this controller wants on the node, its own only. */
function healthTaints(node: Node): readonly Taint[] {
  const ready = conditionStatus(node, "Ready") ?? "Unknown";
  const health = ready === "True" ? [] : ready === "False" ? NOT_READY : UNREACHABLE;
  return node.spec?.unschedulable === true ? [...health, UNSCHEDULABLE] : health;
}

async function syncNode(world: World, nodes: Informer<Node>, pods: Informer<Pod>, name: string): Promise<void> {
  const node = nodes.get({ name });
  if (node === undefined) return;
  await syncTaints(world, node);
  if (conditionStatus(node, "Ready") === "True") return;
  for (const pod of pods.byIndex("node", name)) if (isReady(pod)) await markNotReady(world, pod);
}

async function syncTaints(world: World, node: Node): Promise<void> {
  const { taints = [] } = node.spec ?? {};
  const wanted = healthTaints(node);
  const isRight = OWN.every((taint) => hasTaint(taints, taint) === hasTaint(wanted, taint));
  if (isRight) return;
  const timeAdded = toRfc3339(world.clock.now());
  const kept = taints.filter((taint) => !OWN.some((own) => sameTaint(own, taint)) || hasTaint(wanted, taint));
  const added = wanted
    .filter((taint) => !hasTaint(taints, taint))
    .map((taint) => (taint.effect === "NoExecute" ? { ...taint, timeAdded } : taint));
  await world.kube.patch(Nodes, keyOf(node), {
    type: "merge",
    body: { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints: [...kept, ...added] } },
  });
}

async function markNotReady(world: World, pod: Pod): Promise<void> {
  const conditions = (pod.status?.conditions ?? []).map((each) =>
    each.type === "Ready" ? { ...each, status: "False", lastTransitionTime: toRfc3339(world.clock.now()) } : each,
  );
  await world.kube.patchStatus(Pods, keyOf(pod), { type: "merge", body: { status: { conditions } } });
}

async function collect(world: World, nodes: Informer<Node>, pods: Informer<Pod>, key: string): Promise<void> {
  const pod = pods.get(parseKey(key));
  if (pod?.spec.nodeName === undefined || nodes.get({ name: pod.spec.nodeName }) !== undefined) return;
  await removeNow(world.kube, pod);
}
