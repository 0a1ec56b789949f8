// How far a NodePool grows: what exists and every machine to come, each resource at the largest listed type.

import type { PlannedClaim, ProblemInput, Solution } from "../../../scheduling/index.ts";
import type { ResourceList } from "../../../api/index.ts";
import { allocatableFrom, parseQuantity } from "../../../units/index.ts";
import type { Resources } from "../../../units/index.ts";
import { total } from "../pod-needs.ts";
import type { Violation } from "../violation.ts";

export function checkLimits(input: ProblemInput, { newClaims }: Solution): readonly Violation[] {
  return input.nodePools.flatMap(({ nodePool }) => {
    const name = nodePool.metadata.name ?? "";
    const planned = newClaims.filter((claim) => claim.nodePool === name);
    if (planned.length === 0 || nodePool.spec.limits === undefined) return [];
    const limits = allocatableFrom(countable(nodePool.spec.limits));
    const there = input.nodes.filter((node) => node.nodePool === name).map(({ capacity }) => capacity);
    const use = total([...there.map(asOneNode), ...planned.map((claim) => asOneNode(largest(claim)))]);
    return Object.entries(limits)
      .filter(([resource, limit]) => (use[resource] ?? 0) > limit)
      .map(([resource, limit]): Violation => ({
        rule: "Limits",
        place: name,
        detail: `${resource}: ${use[resource] ?? 0} of ${limit}`,
      }));
  });
}

/** Without limits beyond what can be counted exactly: no cluster gets there. */
function countable(limits: ResourceList): ResourceList {
  const steps = ([resource, amount]: readonly [string, string | number]): number =>
    parseQuantity(String(amount)).toFloat() * (resource === "cpu" ? 1000 : 1);
  return Object.fromEntries(Object.entries(limits).filter((limit) => steps(limit) <= Number.MAX_SAFE_INTEGER));
}

function largest({ instanceTypes }: PlannedClaim): Resources {
  const most: Record<string, number> = {};
  for (const { capacity } of instanceTypes) {
    for (const [name, amount] of Object.entries(capacity)) most[name] = Math.max(most[name] ?? 0, amount);
  }
  return most;
}

function asOneNode(capacity: Resources): Resources {
  return { ...capacity, nodes: 1 };
}
