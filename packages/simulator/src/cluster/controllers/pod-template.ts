// How a workload's template becomes a pod, and how templates are told apart.

import type { KubeObject, OwnerReference, Pod, PodTemplate } from "@karpenter-multicloud/core/api";
import type { World } from "../world.ts";

/** Kubernetes' alphabet for generated names: no vowels, no characters that look alike. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

export function podFrom(world: World, owner: KubeObject, kind: "ReplicaSet" | "DaemonSet", template: PodTemplate): Pod {
  const { namespace = "default", name = "" } = owner.metadata;
  const { labels, annotations } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${name}-${suffix(world.random)}`,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerOf(owner, kind)],
    },
    spec: template.spec,
  };
}

export function controllerOf(owner: KubeObject, kind: string): OwnerReference {
  const { name = "", uid = "" } = owner.metadata;
  return { apiVersion: "apps/v1", kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Equal for equal templates, in Kubernetes' alphabet. */
export function templateHash(template: PodTemplate): string {
  let hash = 0x811c9dc5;
  for (const unit of canonical(template)) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193) >>> 0;
  return Array.from(String(hash), (digit) => ALPHABET[Number(digit)] ?? "").join("");
}

export function sameStatus(
  status: Readonly<Record<string, unknown>> | undefined,
  wanted: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => status?.[key] === value);
}

function suffix(random: () => number): string {
  return Array.from({ length: 5 }, () => ALPHABET[Math.floor(random() * ALPHABET.length)] ?? "").join("");
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
