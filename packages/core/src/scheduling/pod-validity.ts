// Whether a pod may enter the solve at all: what it asks for must be allowed (S-206 a, b, c).

import { Label } from "../api/index.ts";
import type { PodSpec } from "../api/index.ts";
import { normalizeKey, podNodeAffinityErrors } from "../requirements/index.ts";
import type { RequirementContext } from "../requirements/index.ts";

/** S-206 a: the user wants capacity that is not managed. Such a pod is neither placed nor reported. */
export function optsOutOfNodePools({ spec }: { readonly spec: PodSpec }): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (required?.nodeSelectorTerms ?? []).some((term) =>
    (term.matchExpressions ?? []).some(
      ({ key, operator }) => operator === "DoesNotExist" && normalizeKey(key) === Label.NodePool,
    ),
  );
}

/** S-206 b and c; all findings, none when the pod may enter. */
export function podErrors(pod: { readonly spec: PodSpec }, context: RequirementContext): readonly string[] {
  return podNodeAffinityErrors(pod, context);
}
