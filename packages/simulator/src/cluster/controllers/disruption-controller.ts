// The stand-in of the disruption controller: how many pods of each PodDisruptionBudget may be evicted now.

import type { Deployment, Pod, PodDisruptionBudget, ReplicaSet } from "@karpenter-multicloud/core/api";
import { Deployments, PodDisruptionBudgets, ReplicaSets } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { isDeleting, isReady } from "../pod-facts.ts";
import { sameStatus } from "./pod-template.ts";
import { selects } from "../selectors.ts";
import { WorkQueue } from "../work-queue.ts";
import { controllerKey, parseKey, podsOf } from "../world.ts";
import type { World } from "../world.ts";

interface Views {
  readonly budgets: Informer<PodDisruptionBudget>;
  readonly pods: Informer<Pod>;
  readonly sets: Informer<ReplicaSet>;
  readonly deployments: Informer<Deployment>;
}

export function startDisruptionController(world: World): void {
  const views: Views = {
    budgets: world.cache.informer(PodDisruptionBudgets),
    pods: podsOf(world),
    sets: world.cache.informer(ReplicaSets),
    deployments: world.cache.informer(Deployments),
  };
  const queue = new WorkQueue(world, "disruption", (key) => sync(world, views, key));
  views.budgets.onChange(({ after }) => {
    if (after !== undefined) queue.add(keyText(keyOf(after)));
  });
  const wake = (namespace: string | undefined, touches: (budget: PodDisruptionBudget) => boolean): void => {
    for (const budget of views.budgets.list()) {
      if (budget.metadata.namespace === namespace && touches(budget)) queue.add(keyText(keyOf(budget)));
    }
  };
  views.pods.onChange(({ before, after }) => {
    const labels = [before, after].flatMap((pod) => (pod === undefined ? [] : [pod.metadata.labels]));
    wake((after ?? before)?.metadata.namespace, ({ spec }) => labels.some((each) => selects(spec.selector, each)));
  });
  for (const scaled of [views.sets, views.deployments]) {
    scaled.onChange(({ before, after }) => {
      if (before?.spec.replicas !== after?.spec.replicas) wake((after ?? before)?.metadata.namespace, () => true);
    });
  }
}

async function sync(world: World, views: Views, key: string): Promise<void> {
  const budget = views.budgets.get(parseKey(key));
  if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return;
  const { namespace } = budget.metadata;
  const pods = views.pods
    .list()
    .filter((pod) => pod.metadata.namespace === namespace && selects(budget.spec.selector, pod.metadata.labels));
  const { expectedPods, desiredHealthy } = demand(budget, pods, views);
  const currentHealthy = pods.filter((pod) => isReady(pod) && !isDeleting(pod)).length;
  const spare = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  const observedGeneration = budget.metadata.generation ?? 1;
  const status = { expectedPods, currentHealthy, desiredHealthy, disruptionsAllowed: spare, observedGeneration };
  if (sameStatus(budget.status, status)) return;
  await world.kube.patchStatus(PodDisruptionBudgets, keyOf(budget), { type: "merge", body: { status } });
}

function demand(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  views: Views,
): { readonly expectedPods: number; readonly desiredHealthy: number } {
  const { maxUnavailable, minAvailable = 1 } = spec;
  if (maxUnavailable === undefined && typeof minAvailable === "number") {
    return { expectedPods: pods.length, desiredHealthy: minAvailable };
  }
  const expectedPods = scaleOf(pods, views);
  const desiredHealthy =
    maxUnavailable === undefined
      ? amount(minAvailable, expectedPods)
      : Math.max(0, expectedPods - amount(maxUnavailable, expectedPods));
  return { expectedPods, desiredHealthy };
}

/** Percentages round up, whichever way that goes. */
function amount(value: number | string, of: number): number {
  if (typeof value === "number") return value;
  return value.endsWith("%") ? Math.ceil((Number.parseInt(value, 10) * of) / 100) : Number.parseInt(value, 10);
}

/** What the pods' controllers want in all. Pods without a scalable controller count for nothing. */
function scaleOf(pods: readonly Pod[], views: Views): number {
  const scales = new Map<string, number>();
  for (const pod of pods) {
    const setKey = controllerKey(pod, "ReplicaSet");
    const set = setKey === undefined ? undefined : views.sets.get(parseKey(setKey));
    if (set === undefined) continue;
    const deploymentKey = controllerKey(set, "Deployment");
    const deployment = deploymentKey === undefined ? undefined : views.deployments.get(parseKey(deploymentKey));
    const scaled = deployment ?? set;
    scales.set(scaled.metadata.uid ?? "", scaled.spec.replicas ?? 1);
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
}
