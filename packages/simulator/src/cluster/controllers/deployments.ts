// The stand-in of the Deployment controller: one ReplicaSet per template, rolled by the strategy that is set.

import type { Deployment, ReplicaSet } from "@karpenter-multicloud/core/api";
import { Deployments, ReplicaSets } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { controllerOf, sameStatus, templateHash } from "./pod-template.ts";
import { WorkQueue } from "../work-queue.ts";
import { controllerKey, parseKey } from "../world.ts";
import type { World } from "../world.ts";

const HASH_LABEL = "pod-template-hash";

export function startDeployments(world: World): void {
  const deployments = world.cache.informer(Deployments);
  const sets = world.cache.informer(ReplicaSets, {
    owner: (set) => (set.metadata.ownerReferences ?? []).map((owner) => owner.uid),
  });
  const queue = new WorkQueue(world, "deployment", (key) => sync(world, deployments, sets, key));
  deployments.onChange(({ after }) => {
    if (after !== undefined) queue.add(keyText(keyOf(after)));
  });
  sets.onChange(({ before, after }) => {
    const owner = controllerKey(after ?? before ?? { metadata: {} }, "Deployment");
    if (owner !== undefined) queue.add(owner);
  });
}

async function sync(
  world: World,
  deployments: Informer<Deployment>,
  sets: Informer<ReplicaSet>,
  key: string,
): Promise<void> {
  const deployment = deployments.get(parseKey(key));
  if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
  const hash = templateHash(deployment.spec.template);
  const owned = sets.byIndex("owner", deployment.metadata.uid ?? "");
  const current = owned.find((set) => set.metadata.labels?.[HASH_LABEL] === hash);
  const old = owned.filter((set) => set !== current);
  const rollout = rolloutOf(deployment);
  if (current === undefined) {
    const first = newReplicas(rollout, 0, total(old, replicasOf));
    await world.kube.create(ReplicaSets, replicaSetOf(deployment, hash, first));
    return;
  }
  await resize(world, current, newReplicas(rollout, replicasOf(current), total(old, replicasOf)));
  await shrinkOld(world, rollout, current, old);
  await writeStatus(world, deployment, current, owned);
}

interface Rollout {
  readonly wanted: number;
  /** Pods there may be in all while old ones remain. */
  readonly most: number;
  /** Pods that must stay available. */
  readonly least: number;
}

interface Strategy {
  readonly type?: string;
  readonly rollingUpdate?: { readonly maxSurge?: number | string; readonly maxUnavailable?: number | string };
}

/** Shares of surge round up, shares of shortage down; both at zero would never move. */
function rolloutOf(deployment: Deployment): Rollout {
  const wanted = deployment.spec.replicas ?? 1;
  const { type, rollingUpdate = {} } = (deployment.spec as { readonly strategy?: Strategy }).strategy ?? {};
  if (type === "Recreate") return { wanted, most: 0, least: 0 };
  const surge = share(rollingUpdate.maxSurge ?? "25%", wanted, Math.ceil);
  const shortage = share(rollingUpdate.maxUnavailable ?? "25%", wanted, Math.floor);
  return { wanted, most: wanted + surge, least: wanted - (surge + shortage === 0 ? 1 : shortage) };
}

function share(value: number | string, of: number, round: (n: number) => number): number {
  return typeof value === "number" ? value : round((Number.parseInt(value, 10) * of) / 100);
}

function newReplicas({ wanted, most }: Rollout, now: number, old: number): number {
  if (old === 0 || now > wanted) return wanted;
  return Math.max(now, Math.min(wanted, most - old));
}

/** Pods that are not available go first. */
async function shrinkOld(
  world: World,
  { least }: Rollout,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): Promise<void> {
  let spare = available(current) + total(old, available) - least;
  for (const set of old) {
    const broken = Math.max(0, replicasOf(set) - available(set));
    const removable = Math.min(replicasOf(set), broken + Math.max(0, spare));
    spare -= Math.max(0, removable - broken);
    await resize(world, set, replicasOf(set) - removable);
  }
}

async function resize(world: World, set: ReplicaSet, replicas: number): Promise<void> {
  if (replicasOf(set) === replicas) return;
  await world.kube.patch(ReplicaSets, keyOf(set), { type: "merge", body: { spec: { replicas } } });
}

function replicaSetOf(deployment: Deployment, hash: string, replicas: number): ReplicaSet {
  const { name = "", namespace = "default" } = deployment.metadata;
  const { selector, template } = deployment.spec;
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      ownerReferences: [controllerOf(deployment, "Deployment")],
    },
    spec: {
      replicas,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

async function writeStatus(
  world: World,
  deployment: Deployment,
  current: ReplicaSet,
  owned: readonly ReplicaSet[],
): Promise<void> {
  const wanted = deployment.spec.replicas ?? 1;
  const ready = total(owned, available);
  const status = {
    replicas: total(owned, (set) => statusNumber(set, "replicas")),
    updatedReplicas: statusNumber(current, "replicas"),
    readyReplicas: ready,
    availableReplicas: ready,
    unavailableReplicas: Math.max(0, wanted - ready),
    observedGeneration: deployment.metadata.generation ?? 1,
  };
  if (sameStatus(deployment.status, status)) return;
  await world.kube.patchStatus(Deployments, keyOf(deployment), { type: "merge", body: { status } });
}

function replicasOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

/** The status lags behind a size that was just set. */
function available(set: ReplicaSet): number {
  return Math.min(replicasOf(set), statusNumber(set, "availableReplicas"));
}

function statusNumber(set: ReplicaSet, field: string): number {
  const value = set.status?.[field];
  return typeof value === "number" ? value : 0;
}

function total(sets: readonly ReplicaSet[], amount: (set: ReplicaSet) => number): number {
  return sets.reduce((sum, set) => sum + amount(set), 0);
}
