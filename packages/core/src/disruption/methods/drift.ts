// Which drifted node is replaced next: one at a time, whatever it costs (D-67…D-71).

import { fromRfc3339, getCondition, isConditionTrue, NodeClaimCondition } from "../../api/index.ts";
import { compareText } from "../../units/index.ts";
import { alternativesOf } from "../alternatives.ts";
import type { PoolBudget } from "../budget.ts";
import { budgetObstacle } from "../budget-obstacle.ts";
import type { Obstacle } from "../obstacle.ts";
import { candidatesSteps, verdictOn } from "../candidates.ts";
import type { Candidate, CandidateFilter } from "../candidates.ts";
import { unplacedObstacle } from "../consolidation-option.ts";
import type { DisruptionNode } from "../disruption-node.ts";
import type { DecideOptions } from "../decide-options.ts";
import type { MethodDecision, ProposedCommand } from "../method.ts";
import { pauseObstacle } from "../pause.ts";
import { simulateSteps } from "../simulation.ts";
import { remainingOf } from "../remaining.ts";
import type { DisruptionSnapshot } from "../snapshot.ts";
import type { Steps } from "../steps.ts";
import type { NodeVerdict } from "../verdict.ts";

const looksAt: CandidateFilter["looksAt"] = (node, nodePool) =>
  nodePool?.spec.replicas === undefined && isDrifted(node);

export function* decideDrift(snapshot: DisruptionSnapshot, options: DecideOptions): Steps<MethodDecision> {
  const { accepted, refused } = yield* candidatesSteps(snapshot, driftFilter(snapshot, looksAt, options));
  const candidates = inDriftOrder(accepted, options);
  const budgets = remainingOf(snapshot, "Drifted");
  const verdicts: NodeVerdict[] = [...refused];
  let command: ProposedCommand | undefined;
  for (const candidate of candidates) {
    const outcome = yield* judge(candidate, snapshot, budgets);
    if ("obstacle" in outcome) {
      verdicts.push(verdictOn(candidate, outcome.obstacle));
      continue;
    }
    const tried = verdicts.filter(({ node }) => candidates.some(({ name }) => name === node));
    command = { ...outcome.command, ...alternativesOf(tried) };
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

export function driftFilter(
  { nowMs }: DisruptionSnapshot,
  looksAtOf: CandidateFilter["looksAt"],
  { driftPauses }: DecideOptions,
): CandidateFilter {
  return {
    disruptionClass: "eventual",
    looksAt: looksAtOf,
    obstacle: ({ pool }) => {
      const pause = driftPauses?.get(pool);
      return pause && nowMs < pause.until ? pauseObstacle(pause) : undefined;
    },
  };
}

export function isDrifted({ nodeClaim }: DisruptionNode): boolean {
  return nodeClaim !== undefined && isConditionTrue(nodeClaim, NodeClaimCondition.Drifted);
}

/** D-68: nodes from which nothing has to move first, then the longest drifted; the pools take turns (DX-32). */
export function inDriftOrder(
  candidates: readonly Candidate[],
  { started, failed }: Pick<DecideOptions, "started" | "failed"> = {},
): readonly Candidate[] {
  return candidates
    .map((candidate) => ({
      candidate,
      started: started?.get(candidate.pool) ?? 0,
      moves: candidate.reschedulablePods.length > 0,
      failed: failed?.has(candidate.name) === true,
      since: driftedSince(candidate),
    }))
    .toSorted(
      (a, b) =>
        a.started - b.started ||
        Number(a.moves) - Number(b.moves) ||
        Number(a.failed) - Number(b.failed) ||
        a.since - b.since ||
        compareText(a.candidate.name, b.candidate.name),
    )
    .map(({ candidate }) => candidate);
}

/** D-69; the destination guard is for savings only. */
function* judge(
  candidate: Candidate,
  snapshot: DisruptionSnapshot,
  budgets: ReadonlyMap<string, PoolBudget>,
): Steps<{ readonly command: ProposedCommand } | { readonly obstacle: Obstacle }> {
  const held = budgetObstacle(candidate.pool, budgets.get(candidate.pool), 0);
  if (held !== undefined) return { obstacle: held };
  const simulation = yield* simulateSteps(snapshot, [candidate.name], { respectConsolidateAfter: false });
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
