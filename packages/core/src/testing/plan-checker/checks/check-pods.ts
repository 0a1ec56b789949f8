// Every pod exactly once: placed, explained, or left out because it wants nothing of NodePools.

import { Label } from "../../../api/index.ts";
import type { Pod } from "../../../api/index.ts";
import type { ProblemInput, Solution } from "../../../scheduling/index.ts";
import { keyOfPod } from "../label-rules.ts";
import type { ViolatedRule, Violation } from "../violation.ts";

export function checkPods(input: ProblemInput, solution: Solution): readonly Violation[] {
  const { newClaims, existing, failures, deferred } = solution;
  const counts = new Map<string, number>(input.pods.map((pod) => [keyOfPod(pod), 0]));
  const violations: Violation[] = [];
  const say = (rule: ViolatedRule, detail: string): void => {
    violations.push({ rule, place: "", detail });
  };
  const answered = [
    ...[...newClaims, ...existing].flatMap(({ pods }) => pods.map(keyOfPod)),
    ...failures.map(({ pod }) => `${pod.namespace}/${pod.name}`),
    ...(mayDefer(input) ? deferred.map(keyOfPod) : []),
  ];
  for (const key of answered) {
    const count = counts.get(key);
    if (count === undefined) say("PodUnknown", key);
    else counts.set(key, count + 1);
  }
  for (const pod of input.pods) {
    const count = counts.get(keyOfPod(pod)) ?? 0;
    if (count > 1) say("PodTwice", keyOfPod(pod));
    if (count === 0 && !wantsUnmanagedNodes(pod)) say("PodMissing", keyOfPod(pod));
  }
  const names = new Set(input.nodes.map(({ name }) => name));
  for (const { node } of existing) if (!names.has(node)) say("NodeUnknown", node);
  return violations;
}

/** Only for reserved capacity is there anything to wait for. */
function mayDefer({ reservedCapacity = "Strict", reservationIdLabel }: ProblemInput): boolean {
  return reservedCapacity === "Strict" && reservationIdLabel !== undefined;
}

function wantsUnmanagedNodes({ spec }: Pod): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (required?.nodeSelectorTerms ?? []).some(({ matchExpressions = [] }) =>
    matchExpressions.some(({ key, operator }) => key === Label.NodePool && operator === "DoesNotExist"),
  );
}
