// How many nodes of each pool may still go now: what its budgets leave, and less where an hourly limit is narrower (DX-33).

import type { DisruptionReason } from "../api/index.ts";
import { poolBudgets } from "./budget.ts";
import type { PoolBudget } from "./budget.ts";
import type { HourlyLimit } from "./hourly-limit.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";

/** By pool name: what budgets and hourly limits leave. */
export function remainingOf(snapshot: DisruptionSnapshot, reason: DisruptionReason): ReadonlyMap<string, PoolBudget> {
  const budgets = poolBudgets(snapshot.nodePools, snapshot.nodes, reason, snapshot.nowMs);
  const { hourly } = snapshot;
  if (hourly === undefined || hourly.size === 0) return budgets;
  return new Map([...budgets].map(([pool, budget]) => [pool, limited(budget, hourly.get(pool)?.[reason])]));
}

export function limited(budget: PoolBudget, limit: HourlyLimit | undefined): PoolBudget {
  return limit === undefined || limit.left >= budget.remaining
    ? budget
    : { ...budget, remaining: limit.left, hourly: limit };
}
