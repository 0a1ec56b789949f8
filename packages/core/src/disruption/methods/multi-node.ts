// Which nodes go together, for one cheaper machine or none: the longest prefix of the candidates that a bisection finds (D-89…D-94).

import { inFewWords, lowestOf } from "../alternatives.ts";
import { spendBudgets } from "../budget-obstacle.ts";
import { balancedTotals, scoresOf } from "../balanced.ts";
import type { PoolTotals } from "../balanced.ts";
import type { Obstacle } from "../obstacle.ts";
import { byRatio } from "../candidate-order.ts";
import { candidatesSteps, verdictOn } from "../candidates.ts";
import type { Candidate } from "../candidates.ts";
import { consolidationFilter } from "../consolidation-filter.ts";
import { consolidationOption } from "../consolidation-option.ts";
import type { DecideOptions } from "../decide-options.ts";
import type { MethodDecision, PoolScore, ProposedCommand } from "../method.ts";
import { consolidationCommand, savingsOf } from "../proposal.ts";
import type { GoodOption } from "../proposal.ts";
import { withoutSameTypes } from "../same-type-filter.ts";
import { remainingOf } from "../remaining.ts";
import type { DisruptionSnapshot } from "../snapshot.ts";
import type { Steps } from "../steps.ts";
import type { NodeVerdict } from "../verdict.ts";

interface Probe {
  readonly option?: GoodOption;
  readonly scores: readonly PoolScore[];
  readonly obstacle?: Obstacle;
}

export function* decideMultiNode(snapshot: DisruptionSnapshot, options: DecideOptions): Steps<MethodDecision> {
  const { accepted, refused } = yield* candidatesSteps(snapshot, consolidationFilter(snapshot));
  const candidates = byRatio(accepted);
  const budgets = remainingOf(snapshot, "Underutilized");
  const spending = spendBudgets(candidates, budgets);
  const batch = spending.accepted.slice(0, snapshot.settings.maxBatch);
  const found = yield* searchPrefixes(batch, snapshot, options.shouldStop ?? (() => false));
  const { best } = found;
  const chosen = batch.slice(0, best?.count ?? 0);
  return {
    method: "multi",
    commands: best
      ? [
          {
            ...consolidationCommand("multi", chosen, best.option),
            ...lowestOf(best.scores),
            ...largerSets(batch, found.failed),
          },
        ]
      : [],
    verdicts: [
      ...refused,
      ...spending.refused.map(({ candidate, obstacle }) => verdictOn(candidate, obstacle)),
      ...chosen.map((candidate) => verdictOn(candidate, { code: "Selected", detail: selectedDetail(best) })),
      ...verdictsOnRest(batch, chosen.length, found),
    ],
    budgets,
    eligible: candidates.map(({ name }) => name),
    constrained: spending.refused.length > 0,
    timedOut: found.timedOut,
    scores: best?.scores ?? found.lastRejected,
  };
}

interface Search {
  readonly best?: { readonly count: number; readonly option: GoodOption; readonly scores: readonly PoolScore[] };
  /** By number of nodes: why that many could not go together. */
  readonly failed: ReadonlyMap<number, Obstacle>;
  /** D-103. */
  readonly lastRejected: readonly PoolScore[];
  readonly timedOut: boolean;
}

/** What the command might have been: whatever fails is larger than what was found. */
function largerSets(batch: readonly Candidate[], failed: Search["failed"]): Pick<ProposedCommand, "alternatives"> {
  const larger = [...failed].toSorted(([a], [b]) => a - b);
  return inFewWords(
    larger.map(([size, { code, detail }]) => ({
      nodes: batch.slice(0, size).map(({ name }) => name),
      why: `${code}: ${detail}`,
    })),
  );
}

/** D-90: assumes that what works for many nodes works for fewer. */
function* searchPrefixes(
  batch: readonly Candidate[],
  snapshot: DisruptionSnapshot,
  shouldStop: () => boolean,
): Steps<Search> {
  const totals = balancedTotals(snapshot);
  const failed = new Map<number, Obstacle>();
  let best: Search["best"];
  let lastRejected: readonly PoolScore[] = [];
  let low = 1;
  let high = batch.length - 1;
  while (low <= high) {
    if (shouldStop()) return { ...(best && { best }), failed, lastRejected, timedOut: true };
    const middle = Math.floor((low + high) / 2);
    const { option, scores, obstacle } = yield* probe(batch.slice(0, middle + 1), snapshot, totals, shouldStop);
    if (option !== undefined) {
      best = { count: middle + 1, option, scores };
      low = middle + 1;
      continue;
    }
    // What was cut short by the time says nothing about the nodes.
    if (shouldStop()) return { ...(best && { best }), failed, lastRejected, timedOut: true };
    if (obstacle !== undefined) failed.set(middle + 1, obstacle);
    if (scores.length > 0) lastRejected = scores;
    high = middle - 1;
  }
  return { ...(best && { best }), failed, lastRejected, timedOut: false };
}

/** D-91. */
function* probe(
  candidates: readonly Candidate[],
  snapshot: DisruptionSnapshot,
  totals: ReadonlyMap<string, PoolTotals>,
  shouldStop: () => boolean,
): Steps<Probe> {
  const found = yield* consolidationOption(candidates, snapshot, shouldStop);
  if (found.decision === "none") return { scores: [], obstacle: found.obstacle };
  const option = found.decision === "delete" ? found : withoutBuyingBack(found, candidates, snapshot);
  if (option === undefined) {
    const detail = "the replacement would be of a type that is being removed";
    return { scores: [], obstacle: { code: "NotCheaper", detail } };
  }
  const scores = scoresOf({ candidates, savings: savingsOf(candidates, option) }, totals);
  const rejected = scores.filter(({ approved }) => !approved);
  if (rejected.length === 0) return { option, scores };
  const detail = rejected.map(({ nodePool, score }) => `NodePool ${nodePool} scores ${score.toFixed(2)}`).join(", ");
  return { scores, obstacle: { code: "ScoreTooLow", detail: `${detail}; 0.50 is needed` } };
}

function withoutBuyingBack(
  option: GoodOption & { readonly decision: "replace" },
  candidates: readonly Candidate[],
  { problem }: DisruptionSnapshot,
): GoodOption | undefined {
  const replacement = withoutSameTypes(option.replacement, candidates, problem.wellKnownLabels);
  return replacement && { ...option, replacement };
}

/** Each node that was tried in vain is told by the smallest set it was in; those never tried get no verdict. */
function verdictsOnRest(batch: readonly Candidate[], chosen: number, search: Search): readonly NodeVerdict[] {
  const sizes = [...search.failed.keys()].toSorted((a, b) => a - b);
  return batch.slice(chosen).flatMap((candidate, index) => {
    if (search.timedOut) return [verdictOn(candidate, { code: "NotReached", detail: "time ran out" })];
    const size = sizes.find((each) => each > chosen + index);
    const obstacle = size === undefined ? undefined : search.failed.get(size);
    if (obstacle === undefined) return [];
    return [
      verdictOn(candidate, { ...obstacle, detail: `together with ${(size ?? 0) - 1} others: ${obstacle.detail}` }),
    ];
  });
}

function selectedDetail(best: Search["best"]): string {
  const where =
    best?.option.decision === "replace" ? "one cheaper node takes their place" : "their pods find room elsewhere";
  return `it is one of ${best?.count ?? 0} nodes that go now: ${where}`;
}
