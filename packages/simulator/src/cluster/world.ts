// What the stand-ins of Kubernetes' own controllers share: the API, a mirror of it, the clock and a seeded chance.

import type { Pod } from "@karpenter-multicloud/core/api";
import { Pods } from "@karpenter-multicloud/core/api";
import type { Informer, KubeCache, KubeClient, ObjectKey } from "@karpenter-multicloud/core/kube";
import { keyText } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";

export interface World {
  /** Every write through it is seen by the cache at once. */
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly clock: Clock;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Hears of failures that are retried. */
  readonly report: (part: string, key: string, error: unknown) => void;
}

/** Pods by node name and by the uid of each owner. */
export function podsOf(world: World): Informer<Pod> {
  return world.cache.informer(Pods, {
    node: (pod) => (pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName]),
    owner: (pod) => (pod.metadata.ownerReferences ?? []).map((owner) => owner.uid),
  });
}

/** The reverse of keyText. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf("/");
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** The key of the object's controller when it is of this kind. */
export function controllerKey(object: { readonly metadata: Pod["metadata"] }, kind: string): string | undefined {
  const owner = object.metadata.ownerReferences?.find((each) => each.controller === true && each.kind === kind);
  const { namespace } = object.metadata;
  if (owner === undefined) return undefined;
  return keyText(namespace === undefined ? { name: owner.name } : { namespace, name: owner.name });
}
