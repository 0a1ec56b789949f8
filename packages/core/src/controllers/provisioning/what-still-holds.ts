// What of a plan still holds when its solve ends: it was made from a picture, and others acted while it was made (S-207, S-1016).

import type { Pod } from "../../api/index.ts";
import type { ExistingPlacement, Solution } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";

export interface World {
  /** The pods the plan was made for, those of buffers included. */
  readonly planned: readonly Pod[];
  /** Those that wait for a place now, and those that buffers have now. */
  readonly waiting: readonly Pod[];
  /** As they are now. */
  readonly nodes: readonly StateNode[];
}

export interface StillHolds {
  readonly solution: Solution;
  /** UIDs of pods that wait and whose node is gone, or on its way out: they need another plan, and soon. */
  readonly letDown: readonly string[];
}

export function whatStillHolds(solution: Solution, { planned, waiting, nodes }: World): StillHolds {
  const wait = new Set(waiting.map(uidOf));
  const settled = new Set(planned.filter((pod) => !wait.has(uidOf(pod))).map(uidOf));
  const isOpen = (pod: Pod): boolean => !settled.has(uidOf(pod));
  const staying = new Set(nodes.flatMap((node) => (node.markedForDeletion ? [] : namesOf(node))));
  const open = solution.existing
    .map(({ node, pods }): ExistingPlacement => ({ node, pods: pods.filter(isOpen) }))
    .filter(({ pods }) => pods.length > 0);
  return {
    solution: {
      // A machine stays as it was planned while one of its pods needs it: it is not worth another solve.
      newClaims: solution.newClaims.filter(({ pods }) => pods.some(isOpen)),
      existing: open.filter(({ node }) => staying.has(node)),
      failures: solution.failures.filter(({ pod }) => !settled.has(pod.uid)),
      deferred: solution.deferred.filter(isOpen),
      relaxed: solution.relaxed.filter(({ pod }) => isOpen(pod)),
    },
    letDown: open.flatMap(({ node, pods }) => (staying.has(node) ? [] : pods.map(uidOf))),
  };
}

/** A claim that had no Node when the picture was taken goes by its own name in it. */
function namesOf({ name, nodeClaim }: StateNode): readonly string[] {
  return [name, nodeClaim?.metadata.name ?? name];
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? "";
}
