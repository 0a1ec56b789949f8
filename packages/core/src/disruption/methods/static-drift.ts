// Which drifted nodes of static pools are replaced: each by one machine of the pool's template, without a simulation (D-64…D-66).

import { isConditionTrue, Label, NodeClaimCondition } from "../../api/index.ts";
import type { NodePool } from "../../api/index.ts";
import { allocatableFrom } from "../../units/index.ts";
import type { PoolBudget } from "../budget.ts";
import { budgetObstacle } from "../budget-obstacle.ts";
import type { Obstacle } from "../obstacle.ts";
import { candidatesSteps, verdictOn } from "../candidates.ts";
import type { Candidate, CandidateFilter } from "../candidates.ts";
import type { DecideOptions } from "../decide-options.ts";
import { driftFilter, inDriftOrder, isDrifted } from "./drift.ts";
import type { MethodDecision, ProposedCommand } from "../method.ts";
import { remainingOf } from "../remaining.ts";
import type { DisruptionSnapshot, StaticCounts } from "../snapshot.ts";
import type { Steps } from "../steps.ts";
import type { NodeVerdict } from "../verdict.ts";

const looksAt: CandidateFilter["looksAt"] = (node, nodePool) =>
  nodePool?.spec.replicas !== undefined && isDrifted(node);

export function* decideStaticDrift(snapshot: DisruptionSnapshot, options: DecideOptions): Steps<MethodDecision> {
  const { accepted, refused } = yield* candidatesSteps(snapshot, driftFilter(snapshot, looksAt, options));
  const candidates = inDriftOrder(accepted, options);
  const budgets = remainingOf(snapshot, "Drifted");
  const commands: ProposedCommand[] = [];
  const verdicts: NodeVerdict[] = [...refused];
  for (const [pool, own] of Map.groupBy(candidates, (candidate) => candidate.pool)) {
    const { granted, obstacle } = grant(own, snapshot, budgets.get(pool));
    for (const [index, candidate] of own.entries()) {
      if (index < granted) commands.push(commandFor(candidate));
      const selected = { code: "Selected", detail: "it has drifted, and the pool replaces it" } as const;
      verdicts.push(verdictOn(candidate, index < granted ? selected : obstacle));
    }
  }
  return {
    method: "staticDrift",
    commands,
    verdicts,
    budgets,
    eligible: candidates.map(({ name }) => name),
    constrained: verdicts.some(({ code }) => code === "Budget" || code === "BudgetInvalid"),
    timedOut: false,
    scores: [],
  };
}

interface Grant {
  readonly granted: number;
  /** Of the candidates that are left over. */
  readonly obstacle: Obstacle;
}

/** All of one pool. */
function grant(candidates: readonly Candidate[], snapshot: DisruptionSnapshot, budget: PoolBudget | undefined): Grant {
  const [first] = candidates;
  const { nodePool, pool } = first ?? { nodePool: undefined, pool: "" };
  const held = budgetObstacle(pool, budget, 0);
  if (nodePool === undefined || held !== undefined) return { granted: 0, obstacle: held ?? nodeLimit(pool) };
  const counts = snapshot.staticCounts?.get(pool) ?? countedFrom(snapshot, pool);
  const { replicas = 0 } = nodePool.spec;
  const running = counts.active + counts.pendingDisruption;
  if (running > replicas) {
    const detail = `NodePool ${pool} has ${running} nodes and wants ${replicas}; the surplus goes first`;
    return { granted: 0, obstacle: { code: "StaticPool", detail } };
  }
  const wanted = Math.min(budget?.remaining ?? 0, candidates.length);
  const granted = Math.max(0, Math.min(wanted, freeNodes(nodePool, counts)));
  const spent = budgetObstacle(pool, budget, wanted);
  return { granted, obstacle: granted < wanted || spent === undefined ? nodeLimit(pool) : spent };
}

/** D-65: a replacement comes before its node goes, so it needs room of its own. */
function freeNodes({ spec }: NodePool, counts: StaticCounts): number {
  const { nodes: limit = Infinity } = allocatableFrom(spec.limits);
  return limit - (counts.active + counts.deleting + counts.pendingDisruption + counts.reserved);
}

function countedFrom({ nodes }: DisruptionSnapshot, pool: string): StaticCounts {
  const machines = nodes.filter(({ nodeClaim }) => nodeClaim?.metadata.labels?.[Label.NodePool] === pool);
  const deleting = machines.filter(
    ({ nodeClaim }) =>
      nodeClaim !== undefined &&
      (nodeClaim.metadata.deletionTimestamp !== undefined ||
        isConditionTrue(nodeClaim, NodeClaimCondition.InstanceTerminating)),
  );
  const leaving = machines.filter(({ markedForDeletion }) => markedForDeletion).length;
  const pendingDisruption = Math.max(0, leaving - deleting.length);
  const active = machines.length - deleting.length - pendingDisruption;
  return { active, deleting: deleting.length, pendingDisruption, reserved: 0 };
}

function commandFor({ name, pool, rescheduleCost }: Candidate): ProposedCommand {
  return {
    method: "staticDrift",
    reason: "Drifted",
    decision: "replace",
    nodes: [name],
    replacements: [],
    fromTemplate: [pool],
    existing: [],
    disruptionCost: rescheduleCost,
  };
}

function nodeLimit(pool: string): Obstacle {
  return { code: "NodeLimit", detail: `limits.nodes of NodePool ${pool} leaves no room for a replacement` };
}
