// The first node that is not needed, or that something cheaper can replace: one by one, the pools taking turns (D-95).

import { alternativesOf, lowestOf } from "../alternatives.ts";
import { balancedTotals, bestScore, isApproved, scoresOf } from "../balanced.ts";
import type { PoolTotals } from "../balanced.ts";
import type { PoolBudget } from "../budget.ts";
import { budgetObstacle } from "../budget-obstacle.ts";
import type { Obstacle } from "../obstacle.ts";
import { byRatio } from "../candidate-order.ts";
import { candidatesSteps, verdictOn } from "../candidates.ts";
import type { Candidate } from "../candidates.ts";
import { consolidationFilter } from "../consolidation-filter.ts";
import { consolidationOption } from "../consolidation-option.ts";
import type { DecideOptions } from "../decide-options.ts";
import type { MethodDecision, PoolScore, ProposedCommand } from "../method.ts";
import { consolidationCommand, savingsOf } from "../proposal.ts";
import { remainingOf } from "../remaining.ts";
import type { DisruptionSnapshot } from "../snapshot.ts";
import type { Steps } from "../steps.ts";
import type { NodeVerdict } from "../verdict.ts";

export function* decideSingleNode(snapshot: DisruptionSnapshot, options: DecideOptions): Steps<MethodDecision> {
  const { accepted, refused } = yield* candidatesSteps(snapshot, consolidationFilter(snapshot));
  const candidates = inTurns(byRatio(accepted), options.unseenPools ?? new Set());
  const budgets = remainingOf(snapshot, "Underutilized");
  const walk = yield* walkCandidates(candidates, snapshot, budgets, options);
  return {
    method: "single",
    commands: walk.command ? [walk.command] : [],
    verdicts: [...refused, ...walk.verdicts],
    budgets,
    eligible: candidates.map(({ name }) => name),
    constrained: walk.constrained,
    timedOut: walk.timedOut,
    scores: walk.scores,
    unseenPools: walk.unseenPools,
  };
}

/** D-95a: the best node of each pool, then the second best of each, …; pools not seen the last time lead. */
export function inTurns(candidates: readonly Candidate[], unseen: ReadonlySet<string>): readonly Candidate[] {
  const byPool = Map.groupBy(candidates, ({ pool }) => pool);
  const pools = [...byPool.keys()];
  const turns = [...pools.filter((pool) => unseen.has(pool)), ...pools.filter((pool) => !unseen.has(pool))];
  const rounds = Math.max(0, ...[...byPool.values()].map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => turns.flatMap((pool) => byPool.get(pool)?.[round] ?? [])).flat();
}

interface Walk {
  readonly command?: ProposedCommand;
  readonly verdicts: readonly NodeVerdict[];
  readonly scores: readonly PoolScore[];
  readonly constrained: boolean;
  readonly timedOut: boolean;
  readonly unseenPools: readonly string[];
}

/** D-95b, D-95c. */
function* walkCandidates(
  candidates: readonly Candidate[],
  snapshot: DisruptionSnapshot,
  budgets: ReadonlyMap<string, PoolBudget>,
  { shouldStop = () => false, unseenPools: before = new Set() }: DecideOptions,
): Steps<Walk> {
  const totals = balancedTotals(snapshot);
  const unseen = new Set(candidates.map(({ pool }) => pool));
  const verdicts: NodeVerdict[] = [];
  const scores: PoolScore[] = [];
  let constrained = false;
  for (const [index, candidate] of candidates.entries()) {
    if (shouldStop()) {
      const left = candidates.slice(index);
      verdicts.push(...left.map((each) => verdictOn(each, { code: "NotReached", detail: "time ran out" })));
      return { verdicts, scores, constrained, timedOut: true, unseenPools: [...unseen] };
    }
    unseen.delete(candidate.pool);
    const held = budgetObstacle(candidate.pool, budgets.get(candidate.pool), 0);
    constrained ||= held !== undefined;
    const {
      command,
      obstacle,
      scores: said = [],
    }: Judgement = held ? { obstacle: held } : yield* judge(candidate, snapshot, totals);
    scores.push(...said);
    if (obstacle !== undefined) verdicts.push(verdictOn(candidate, obstacle));
    if (command === undefined) continue;
    const alternatives = alternativesOf(verdicts);
    verdicts.push(verdictOn(candidate, { code: "Selected", detail: detailOf(command) }));
    return {
      command: { ...command, ...alternatives },
      verdicts,
      scores,
      constrained,
      timedOut: false,
      // D-95: who was passed over is only forgotten when a walk comes to its end.
      unseenPools: [...before],
    };
  }
  return { verdicts, scores, constrained, timedOut: false, unseenPools: [] };
}

interface Judgement {
  readonly command?: ProposedCommand;
  readonly obstacle?: Obstacle;
  readonly scores?: readonly PoolScore[];
}

function* judge(
  candidate: Candidate,
  snapshot: DisruptionSnapshot,
  totals: ReadonlyMap<string, PoolTotals>,
): Steps<Judgement> {
  const best = bestScore(candidate, totals);
  if (best !== undefined && !isApproved(best)) return { obstacle: scoreTooLow(best, "at best ") };
  const option = yield* consolidationOption([candidate], snapshot);
  if (option.decision === "none") return { obstacle: option.obstacle };
  const scores = scoresOf({ candidates: [candidate], savings: savingsOf([candidate], option) }, totals);
  const rejected = scores.find(({ approved }) => !approved);
  if (rejected) return { obstacle: scoreTooLow(rejected.score, ""), scores };
  return { command: { ...consolidationCommand("single", [candidate], option), ...lowestOf(scores) }, scores };
}

function scoreTooLow(score: number, how: string): Obstacle {
  const detail = `the move scores ${how}${score.toFixed(2)}; 0.50 is needed`;
  return { code: "ScoreTooLow", detail, nearest: { missing: `${(0.5 - score).toFixed(2)} of the score` } };
}

function detailOf({ decision }: ProposedCommand): string {
  return decision === "delete" ? "its pods find room elsewhere" : "something cheaper takes its place";
}
