// How many nodes of a pool may be disrupted now, and how many already are (D-31…D-36).

import { Label, NodeClaimCondition } from "../api/index.ts";
import { isConditionTrue } from "../api/index.ts";
import type { Budget, DisruptionReason, NodePool } from "../api/index.ts";
import { CronError, DurationError, nextAfter, parseCron, parseDuration } from "../units/index.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import type { HourlyLimit } from "./hourly-limit.ts";

/** No budget applies. */
export const UNLIMITED = 2_147_483_647;

export interface PoolBudget {
  /** Nodes that may be disrupted at the same moment. */
  readonly allowed: number;
  /** Nodes that are: by us, by others, or because they are not ready. */
  readonly disrupting: number;
  readonly remaining: number;
  /** Nodes the percentages refer to. */
  readonly nodes: number;
  /** What is wrong; one unreadable budget blocks every reason of its pool (D-33). */
  readonly errors: readonly string[];
  /** What decides instead of the budgets (DX-33). */
  readonly hourly?: HourlyLimit;
  /** The budget that decides, as written; absent without one. */
  readonly limiting?: string;
}

class BudgetError extends Error {
  override readonly name = "BudgetError";
}

const DEFAULT_BUDGETS: readonly Budget[] = [{ nodes: "10%" }];
const WHOLE = /^[0-9]+$/;
const PERCENT = /^[0-9]+%$/;

/** By pool name. A pool that is not in the map allows nothing. */
export function poolBudgets(
  pools: readonly NodePool[],
  nodes: readonly DisruptionNode[],
  reason: DisruptionReason,
  nowMs: number,
): ReadonlyMap<string, PoolBudget> {
  return new Map(pools.map((pool) => [pool.metadata.name ?? "", poolBudget(pool, nodes, reason, nowMs)]));
}

export function poolBudget(
  pool: NodePool,
  nodes: readonly DisruptionNode[],
  reason: DisruptionReason,
  nowMs: number,
): PoolBudget {
  const counted = nodes.filter((node) => node.labels[Label.NodePool] === pool.metadata.name && countsForBudget(node));
  const disrupting = counted.filter((node) => node.markedForDeletion || !isReady(node)).length;
  const { allowed, errors, limiting } = allowedDisruptions(pool, counted.length, reason, nowMs);
  return {
    allowed,
    disrupting,
    remaining: Math.max(0, allowed - disrupting),
    nodes: counted.length,
    errors,
    ...(limiting !== undefined && { limiting }),
  };
}

/** D-31, D-33. */
export function allowedDisruptions(pool: NodePool, nodes: number, reason: DisruptionReason, nowMs: number) {
  let allowed = UNLIMITED;
  let limiting: string | undefined;
  const errors: string[] = [];
  for (const budget of pool.spec.disruption?.budgets ?? DEFAULT_BUDGETS) {
    try {
      const value = valueOf(budget, nodes);
      const applies = isActive(budget, nowMs) && concerns(budget, reason);
      if (!applies || value >= allowed) continue;
      allowed = value;
      limiting = describe(budget);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      errors.push(error.message);
    }
  }
  return errors.length > 0 ? { allowed: 0, errors, limiting: undefined } : { allowed, errors, limiting };
}

/** D-34: open from the hit up to, but not including, hit plus duration. Without a hit in sight it is always open (D-39). */
function isActive({ schedule, duration }: Budget, nowMs: number): boolean {
  if (schedule === undefined && duration === undefined) return true;
  if (schedule === undefined || duration === undefined) {
    throw new BudgetError("schedule and duration of a budget must be set together");
  }
  const now = Math.floor(nowMs / 1000) * 1000;
  const hit = nextAfter(parseCron(schedule), now - parseDuration(duration));
  return hit === undefined || hit <= now;
}

/** D-32; multiplied before divided, so that 7 % of 100 is 7. */
function valueOf({ nodes: text }: Budget, nodes: number): number {
  if (WHOLE.test(text)) return Number(text);
  if (!PERCENT.test(text))
    throw new BudgetError(`budget nodes ${JSON.stringify(text)} is neither a number nor a percentage`);
  return Math.ceil((Number(text.slice(0, -1)) * nodes) / 100);
}

/** An empty list is treated as absent. */
function concerns({ reasons }: Budget, reason: DisruptionReason): boolean {
  return !reasons?.length || reasons.includes(reason);
}

/** D-35. */
function countsForBudget({ managed, initialized, nodeClaim }: DisruptionNode): boolean {
  const isTerminating = nodeClaim !== undefined && isConditionTrue(nodeClaim, NodeClaimCondition.InstanceTerminating);
  return managed && initialized && !isTerminating;
}

function isReady({ node }: DisruptionNode): boolean {
  return node !== undefined && isConditionTrue(node, "Ready");
}

function describe({ nodes, schedule, duration }: Budget): string {
  return schedule === undefined ? `nodes "${nodes}"` : `nodes "${nodes}" at "${schedule}" for ${duration ?? ""}`;
}

function isUnreadable(error: unknown): error is Error {
  return error instanceof BudgetError || error instanceof CronError || error instanceof DurationError;
}
