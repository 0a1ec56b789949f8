// What the engine says about the pod of an example.

import { POD_REASONS } from "@karpenter-multicloud/core/reasons";
import type { PodReason } from "@karpenter-multicloud/core/reasons";
import { solve } from "@karpenter-multicloud/core/scheduling";
import type { PodExplanation } from "@karpenter-multicloud/core/scheduling";
import type { ReasonExample } from "./reason-examples.ts";

/** The explanation that carries the reason; undefined when the engine gives another one or none. */
export function explained(reason: PodReason, { problem, options, pod }: ReasonExample): PodExplanation | undefined {
  const failure = solve(problem, options).failures.find((each) => each.pod.name === pod);
  return failure && codesOf(failure).includes(reason) ? failure : undefined;
}

/** Every code in it: of NodePools, of nodes and of planned nodes. */
function codesOf({ nodePools, existing, planned }: PodExplanation): readonly PodReason[] {
  const found = new Set<string>([
    ...nodePools.map(({ reason }) => reason),
    ...Object.keys(existing.byReason),
    ...Object.keys(planned.byReason),
  ]);
  return POD_REASONS.filter((reason) => found.has(reason));
}
