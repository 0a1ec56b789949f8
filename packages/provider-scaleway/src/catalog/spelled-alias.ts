// What a node carries under the older key: as the waiting pods write it, for kube-scheduler compares the very text (W-21).

import { Pods } from "@karpenter-multicloud/core/api";
import type { Pod } from "@karpenter-multicloud/core/api";
import type { Informer, KubeCache } from "@karpenter-multicloud/core/kube";
import { compareText } from "@karpenter-multicloud/core/units";

import { LEGACY_INSTANCE_TYPE } from "../api/labels.ts";
import { defaultAlias, typeMeant } from "./aliases.ts";

export class SpelledAliases {
  readonly #pods: Informer<Pod>;
  readonly #aliases: Readonly<Record<string, string>>;

  constructor(cache: KubeCache, aliases: Readonly<Record<string, string>>) {
    this.#pods = cache.informer(Pods);
    this.#aliases = aliases;
  }

  /** The spelling that most waiting pods use for the type; among equals the first by its letters. */
  of(type: string): string {
    const counts = new Map<string, number>();
    for (const pod of this.#pods.list()) {
      if (pod.spec.nodeName) continue;
      for (const written of spellingsOf(pod)) {
        if (typeMeant(this.#aliases, written) === type) counts.set(written, (counts.get(written) ?? 0) + 1);
      }
    }
    const [most] = [...counts].toSorted(([a, n], [b, m]) => m - n || compareText(a, b));
    return most?.[0] ?? defaultAlias(this.#aliases, type);
  }
}

/** Under the older key, in the order of the pod. */
export function spellingsOf({ spec }: Pod): readonly string[] {
  const selected = spec.nodeSelector?.[LEGACY_INSTANCE_TYPE];
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const listed = terms.flatMap(({ matchExpressions = [] }) =>
    matchExpressions.flatMap(({ key, operator, values }) =>
      key === LEGACY_INSTANCE_TYPE && operator === "In" ? (values ?? []) : [],
    ),
  );
  return selected === undefined ? listed : [selected, ...listed];
}
