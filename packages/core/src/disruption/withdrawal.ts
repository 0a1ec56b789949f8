// Whether what a command does is still asked for: while machines boot, people edit NodePools back, switch consolidation off or close budgets.

import type { DisruptionReason, NodePool } from "../api/index.ts";
import { allowedDisruptions } from "./budget.ts";
import { unreadableBudgets } from "./budget-obstacle.ts";
import { policyObstacle, staticObstacle } from "./consolidation-filter.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { isDrifted } from "./methods/drift.ts";
import type { Obstacle } from "./obstacle.ts";

/** Undefined: it is. A budget that is only narrower now stops nothing that has begun; one that allows none does. */
export function withdrawal(
  node: DisruptionNode,
  nodePool: NodePool,
  reason: DisruptionReason,
  nowMs: number,
): Obstacle | undefined {
  if (reason === "Drifted" && !isDrifted(node))
    return { code: "ValidationChurn", detail: "it is not drifted any more" };
  const policy = reason === "Underutilized" ? (staticObstacle(nodePool) ?? policyObstacle(nodePool)) : undefined;
  return policy ?? closedBudget(nodePool, reason, nowMs);
}

/** Of a single node any percentage but 0 % is one. */
function closedBudget(nodePool: NodePool, reason: DisruptionReason, nowMs: number): Obstacle | undefined {
  const { name = "" } = nodePool.metadata;
  const { allowed, errors, limiting = "" } = allowedDisruptions(nodePool, 1, reason, nowMs);
  if (errors.length > 0) return unreadableBudgets(name, errors);
  if (allowed > 0) return undefined;
  return { code: "Budget", detail: `budget ${limiting} of NodePool ${name} allows none any more` };
}
