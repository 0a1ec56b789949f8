// The policy Balanced: a move must save a fair share of what its pool costs for the share of the pool's pods it disturbs (D-96…D-106).

import { isDaemonSetPod, rateOfNode } from "../scheduling/index.ts";
import { candidateObstacle } from "./candidate.ts";
import { priceOf } from "./candidate-order.ts";
import { candidateContext } from "./candidates.ts";
import type { Candidate } from "./candidates.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { evictionCost, rescheduleCost } from "./eviction-cost.ts";
import type { PoolScore } from "./method.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";

/** A move in a uniform pool must at least halve the price of a node (D-106). */
export const BALANCED_K = 2;
export const LEAST_SCORE = 1 / BALANCED_K;

/** Of one pool: everything it costs, and everything that moving all its pods would disturb. */
export interface PoolTotals {
  readonly cost: number;
  readonly disruption: number;
}

export interface Move {
  readonly candidates: readonly Candidate[];
  /** D-98. */
  readonly savings: number;
}

/** D-101: Infinity where nothing is disturbed; 0 where nothing is saved or nothing is known of the pool. */
export function scoreOf(savings: number, disruption: number, totals: PoolTotals): number {
  if (!(totals.cost > 0) || !(totals.disruption > 0) || !(savings > 0)) return 0;
  return savings / totals.cost / (disruption / totals.disruption);
}

export function isApproved(score: number): boolean {
  return score >= LEAST_SCORE;
}

/** D-97; pools under other policies are not in it. */
export function balancedTotals(snapshot: DisruptionSnapshot): ReadonlyMap<string, PoolTotals> {
  const balanced = snapshot.nodePools.filter(
    ({ spec }) => spec.disruption?.consolidationPolicy === "Balanced" && spec.replicas === undefined,
  );
  if (balanced.length === 0) return new Map();
  const context = candidateContext(snapshot);
  const types = new Map(snapshot.pools.map((pool) => [pool.nodePool.metadata.name ?? "", pool.instanceTypes]));
  return new Map(
    balanced.map(({ metadata: { name = "" } }) => {
      const nodes = snapshot.nodes.filter(({ nodePool }) => nodePool === name);
      const prices = nodes.map(({ labels }) => rateOfNode(labels, types.get(name) ?? [])?.amount ?? 0);
      const costs = nodes.map((node) =>
        candidateObstacle(node, context) === undefined ? rescheduleCost(node.pods) : costOfBound(node),
      );
      return [name, { cost: sum(prices), disruption: sum(costs) }] as const;
    }),
  );
}

/** What each Balanced pool of the move says; all of them have to approve, and each answer is kept. */
export function scoresOf({ candidates, savings }: Move, totals: ReadonlyMap<string, PoolTotals>): readonly PoolScore[] {
  const nodes = candidates.map(({ name }) => name);
  const total = sum(candidates.map(priceOf));
  const pools = [...new Set(candidates.map(({ pool }) => pool))];
  return pools.flatMap((nodePool) => {
    const known = totals.get(nodePool);
    if (known === undefined) return [];
    const own = candidates.filter(({ pool }) => pool === nodePool);
    const share = total === 0 ? 1 : sum(own.map(priceOf)) / total;
    const disruption = sum(own.map((candidate) => candidate.rescheduleCost));
    const score = scoreOf(savings * share, disruption, known);
    const savingsShare = shareOf(savings * share, known.cost);
    const disruptionShare = shareOf(disruption, known.disruption);
    return [{ nodePool, nodes, score, approved: isApproved(score), savingsShare, disruptionShare }];
  });
}

function shareOf(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** D-102: no replacement can score better than removing the node for nothing. Pools of unknown totals are not judged. */
export function bestScore(candidate: Candidate, totals: ReadonlyMap<string, PoolTotals>): number | undefined {
  const known = totals.get(candidate.pool);
  if (known === undefined || known.cost <= 0 || known.disruption <= 0) return undefined;
  return scoreOf(priceOf(candidate), candidate.rescheduleCost, known);
}

/** D-30: mirror pods count as well. */
function costOfBound({ pods }: DisruptionNode): number {
  const moving = pods.filter((pod) => !isDaemonSetPod(pod));
  return 1 + sum(moving.map((pod) => Math.max(0, evictionCost(pod))));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
