// Which drifted node is replaced next: one at a time, whatever it costs (D-67…D-71).

import { fromRfc3339, getCondition, isConditionTrue, NodeClaimCondition } from "../api/index.ts";
import { compareText } from "../units/index.ts";
import { poolBudgets } from "./budget.ts";
import type { PoolBudget } from "./budget.ts";
import { budgetObstacle } from "./budget-obstacle.ts";
import type { Obstacle } from "./candidate.ts";
import { candidatesOf, verdictOn } from "./candidates.ts";
import type { Candidate, CandidateFilter } from "./candidates.ts";
import { unplacedObstacle } from "./consolidation-option.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import type { MethodDecision, ProposedCommand } from "./method.ts";
import { simulate } from "./simulation.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";
import type { NodeVerdict } from "./verdict.ts";

const FILTER: CandidateFilter = {
  disruptionClass: "eventual",
  looksAt: (node, nodePool) => nodePool?.spec.replicas === undefined && isDrifted(node),
};

export function decideDrift(snapshot: DisruptionSnapshot): MethodDecision {
  const { accepted, refused } = candidatesOf(snapshot, FILTER);
  const candidates = inDriftOrder(accepted);
  const budgets = poolBudgets(snapshot.nodePools, snapshot.nodes, "Drifted", snapshot.nowMs);
  const verdicts: NodeVerdict[] = [...refused];
  let command: ProposedCommand | undefined;
  for (const candidate of candidates) {
    const outcome = judge(candidate, snapshot, budgets);
    if ("obstacle" in outcome) {
      verdicts.push(verdictOn(candidate, outcome.obstacle));
      continue;
    }
    command = outcome.command;
    verdicts.push(verdictOn(candidate, { code: "Selected", detail: `it has drifted (${driftReason(candidate)})` }));
    break;
  }
  return {
    method: "drift",
    commands: command ? [command] : [],
    verdicts,
    budgets,
    eligible: candidates.map(({ name }) => name),
    constrained: verdicts.some(({ code }) => code === "Budget" || code === "BudgetInvalid"),
    timedOut: false,
    scores: [],
  };
}

export function isDrifted({ nodeClaim }: DisruptionNode): boolean {
  return nodeClaim !== undefined && isConditionTrue(nodeClaim, NodeClaimCondition.Drifted);
}

/** D-68: nodes from which nothing has to move first, then the longest drifted. */
export function inDriftOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates
    .map((candidate) => ({ candidate, moves: candidate.reschedulablePods.length > 0, since: driftedSince(candidate) }))
    .toSorted(
      (a, b) =>
        Number(a.moves) - Number(b.moves) || a.since - b.since || compareText(a.candidate.name, b.candidate.name),
    )
    .map(({ candidate }) => candidate);
}

/** D-69; the destination guard is for savings only. */
function judge(
  candidate: Candidate,
  snapshot: DisruptionSnapshot,
  budgets: ReadonlyMap<string, PoolBudget>,
): { readonly command: ProposedCommand } | { readonly obstacle: Obstacle } {
  const held = budgetObstacle(candidate.pool, budgets.get(candidate.pool), 0);
  if (held !== undefined) return { obstacle: held };
  const simulation = simulate(snapshot, [candidate.name], { respectConsolidateAfter: false });
  if (simulation === undefined) return { obstacle: { code: "Deleting", detail: "it is already on its way out" } };
  if (simulation.unplaced.length > 0) return { obstacle: unplacedObstacle(simulation.unplaced) };
  const { newClaims, existing } = simulation.solution;
  return {
    command: {
      method: "drift",
      reason: "Drifted",
      decision: newClaims.length > 0 ? "replace" : "delete",
      nodes: [candidate.name],
      replacements: newClaims,
      existing,
      disruptionCost: candidate.rescheduleCost,
    },
  };
}

function driftedSince({ nodeClaim }: Candidate): number {
  const since = getCondition(nodeClaim, NodeClaimCondition.Drifted)?.lastTransitionTime;
  return since ? fromRfc3339(since) : 0;
}

function driftReason({ nodeClaim }: Candidate): string {
  return getCondition(nodeClaim, NodeClaimCondition.Drifted)?.reason ?? "";
}
