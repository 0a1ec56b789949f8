// Which nodes the budgets let go, and what is said about one that they hold (D-36, D-41).

import type { PoolBudget } from "./budget.ts";
import { hourlyDetail } from "./hourly-limit.ts";
import type { Obstacle } from "./obstacle.ts";

/** `used`: nodes of the pool that the same decision has accepted already. */
export function budgetObstacle(pool: string, budget: PoolBudget | undefined, used: number): Obstacle | undefined {
  if (budget !== undefined && budget.errors.length > 0) return unreadableBudgets(pool, budget.errors);
  if (budget !== undefined && used < budget.remaining) return undefined;
  if (budget?.hourly !== undefined) {
    const { until } = budget.hourly;
    return { code: "Budget", detail: hourlyDetail(pool, budget.hourly), ...(until !== undefined && { until }) };
  }
  const { limiting = "", allowed = 0, disrupting = 0 } = budget ?? {};
  const busy = disrupting + used;
  return {
    code: "Budget",
    detail: `budget ${limiting} of NodePool ${pool} allows ${allowed} at a time, and ${busy} are being disrupted or not ready`,
  };
}

/** D-33. */
export function unreadableBudgets(pool: string, errors: readonly string[]): Obstacle {
  return { code: "BudgetInvalid", detail: `a budget of NodePool ${pool} cannot be read: ${errors.join("; ")}` };
}

export interface Spending<T> {
  readonly accepted: readonly T[];
  readonly refused: readonly { readonly candidate: T; readonly obstacle: Obstacle }[];
}

/** Each accepted candidate uses up one of its pool. */
export function spendBudgets<T extends { readonly pool: string }>(
  candidates: readonly T[],
  budgets: ReadonlyMap<string, PoolBudget>,
): Spending<T> {
  const spent = new Map<string, number>();
  const accepted: T[] = [];
  const refused: { readonly candidate: T; readonly obstacle: Obstacle }[] = [];
  for (const candidate of candidates) {
    const used = spent.get(candidate.pool) ?? 0;
    const obstacle = budgetObstacle(candidate.pool, budgets.get(candidate.pool), used);
    if (obstacle !== undefined) refused.push({ candidate, obstacle });
    else {
      spent.set(candidate.pool, used + 1);
      accepted.push(candidate);
    }
  }
  return { accepted, refused };
}
