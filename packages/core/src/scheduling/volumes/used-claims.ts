// Which persistent volume claims a pod uses (S-233).

import type { Pod } from "../../api/index.ts";

export interface UsedClaim {
  /** Namespace/name. */
  readonly key: string;
  /** The name of an ephemeral volume, whose claim is made for the pod. */
  readonly ephemeral?: string;
}

/** The sources through which a pod holds a persistent volume. */
interface VolumeSource {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly ephemeral?: unknown;
}

/** In the order of its volumes, each claim once. */
export function usedClaims({ metadata, spec }: Pick<Pod, "metadata" | "spec">): readonly UsedClaim[] {
  if (!spec.volumes?.length) return [];
  const { name: podName = "", namespace = "default" } = metadata;
  const claims = new Map<string, UsedClaim>();
  for (const { name, persistentVolumeClaim, ephemeral } of spec.volumes as unknown as readonly VolumeSource[]) {
    if (persistentVolumeClaim) {
      const key = `${namespace}/${persistentVolumeClaim.claimName}`;
      claims.set(key, claims.get(key) ?? { key });
    } else if (ephemeral) {
      const key = `${namespace}/${podName}-${name}`;
      claims.set(key, claims.get(key) ?? { key, ephemeral: name });
    }
  }
  return [...claims.values()];
}
