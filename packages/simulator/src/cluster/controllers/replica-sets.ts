// The stand-in of the ReplicaSet controller: as many active pods as the spec says.

import type { Pod, ReplicaSet } from "@karpenter-multicloud/core/api";
import { Pods, ReplicaSets } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { compareText } from "@karpenter-multicloud/core/units";
import { podFrom, sameStatus } from "./pod-template.ts";
import { isDeleting, isReady, isTerminal } from "../pod-facts.ts";
import { WorkQueue } from "../work-queue.ts";
import { controllerKey, parseKey, podsOf } from "../world.ts";
import type { World } from "../world.ts";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

export function startReplicaSets(world: World): void {
  const sets = world.cache.informer(ReplicaSets);
  const pods = podsOf(world);
  const queue = new WorkQueue(world, "replicaset", (key) => sync(world, sets, pods, key));
  sets.onChange(({ after }) => {
    if (after !== undefined) queue.add(keyText(keyOf(after)));
  });
  pods.onChange(({ before, after }) => {
    const owner = controllerKey(after ?? before ?? { metadata: {} }, "ReplicaSet");
    if (owner !== undefined) queue.add(owner);
  });
}

async function sync(world: World, sets: Informer<ReplicaSet>, pods: Informer<Pod>, key: string): Promise<void> {
  const set = sets.get(parseKey(key));
  if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
  const owned = pods.byIndex("owner", set.metadata.uid ?? "");
  const active = owned.filter((pod) => !isDeleting(pod) && !isTerminal(pod));
  const wanted = set.spec.replicas ?? 1;
  for (let missing = wanted - active.length; missing > 0; missing--) {
    await world.kube.create(Pods, podFrom(world, set, "ReplicaSet", set.spec.template));
  }
  const surplus = Math.max(0, active.length - wanted);
  for (const pod of surplus > 0 ? active.toSorted(byExpendability).slice(0, surplus) : []) {
    await world.kube.delete(Pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid ?? "" } });
  }
  await writeStatus(world, set, pods);
}

async function writeStatus(world: World, set: ReplicaSet, pods: Informer<Pod>): Promise<void> {
  const active = pods.byIndex("owner", set.metadata.uid ?? "").filter((pod) => !isDeleting(pod) && !isTerminal(pod));
  const ready = active.filter(isReady).length;
  const status = {
    replicas: active.length,
    fullyLabeledReplicas: active.length,
    readyReplicas: ready,
    availableReplicas: ready,
    observedGeneration: set.metadata.generation ?? 1,
  };
  if (sameStatus(set.status, status)) return;
  await world.kube.patchStatus(ReplicaSets, keyOf(set), { type: "merge", body: { status } });
}

/** What is missed least comes first: not placed, not running, not ready, cheap by annotation, young. */
function byExpendability(a: Pod, b: Pod): number {
  const rank = (pod: Pod): number[] => [
    pod.spec.nodeName === undefined ? 0 : 1,
    pod.status?.phase === "Running" ? 1 : 0,
    isReady(pod) ? 1 : 0,
    Number(pod.metadata.annotations?.[DELETION_COST] ?? 0),
  ];
  const left = rank(a);
  const right = rank(b);
  for (const [i, value] of left.entries()) {
    const difference = value - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return (
    compareText(b.metadata.creationTimestamp ?? "", a.metadata.creationTimestamp ?? "") ||
    compareText(a.metadata.name ?? "", b.metadata.name ?? "")
  );
}
