// Whether a proposed command still holds for a later picture of the cluster, and in what form it goes on (D-107…D-111).

import { spendBudgets } from "./budget-obstacle.ts";
import { candidatesSteps } from "./candidates.ts";
import type { Candidate } from "./candidates.ts";
import { consolidationFilter } from "./consolidation-filter.ts";
import { unplacedObstacle } from "./consolidation-option.ts";
import type { ProposedCommand } from "./method.ts";
import { disruptionCostOf } from "./proposal.ts";
import type { PlannedClaim } from "../scheduling/index.ts";
import { simulateSteps } from "./simulation.ts";
import { decideSnapshotEmptiness } from "./methods/snapshot-emptiness.ts";
import { remainingOf } from "./remaining.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";
import { finished, type Steps } from "./steps.ts";

export type ValidationCategory = "churn" | "budget" | "scheduling" | "unknown";

export type Validation =
  | {
      readonly valid: true;
      /** For what is still there; Emptiness goes on with fewer nodes. */
      readonly command: ProposedCommand;
      /** Nodes that fell out because of a budget or a promise to pods. */
      readonly failed: number;
    }
  | {
      readonly valid: false;
      readonly category: ValidationCategory;
      readonly detail: string;
      readonly failed: number;
    };

/** Drift is not validated: it goes through as it is. */
export function revalidate(command: ProposedCommand, snapshot: DisruptionSnapshot): Validation {
  return finished(revalidateSteps(command, snapshot));
}

/** The same with pauses. */
export function* revalidateSteps(command: ProposedCommand, snapshot: DisruptionSnapshot): Steps<Validation> {
  switch (command.method) {
    case "emptiness":
      return yield* revalidateEmptiness(command, snapshot);
    case "multi":
    case "single":
      return yield* revalidateConsolidation(command, snapshot);
    case "drift":
    case "staticDrift":
      return { valid: true, command, failed: 0 };
  }
}

/** D-108: what is still empty goes on. */
function* revalidateEmptiness(command: ProposedCommand, snapshot: DisruptionSnapshot): Steps<Validation> {
  const { commands, verdicts } = yield* decideSnapshotEmptiness(snapshot, command.nodes);
  const [still] = commands;
  const asked = new Set(command.nodes);
  const held = verdicts.filter(({ node, code }) => asked.has(node) && HELD_LATER.has(code));
  if (still !== undefined) return { valid: true, command: still, failed: held.length };
  const [first] = held.length > 0 ? held : verdicts.filter(({ node }) => asked.has(node));
  const detail = first ? `${first.node}: ${first.detail}` : "its nodes are gone";
  return held.length > 0
    ? { valid: false, category: "budget", detail, failed: held.length }
    : { valid: false, category: "churn", detail, failed: command.nodes.length };
}

const HELD_LATER: ReadonlySet<string> = new Set(["Budget", "BudgetInvalid", "Nominated"]);

/** D-109: all of it or nothing. */
function* revalidateConsolidation(command: ProposedCommand, snapshot: DisruptionSnapshot): Steps<Validation> {
  const refuse = (category: ValidationCategory, detail: string): Validation => ({
    valid: false,
    category,
    detail,
    failed: command.nodes.length,
  });
  const { candidates, lost } = yield* stillCandidates(command, snapshot);
  if (command.nodes.length === 0) return refuse("unknown", "the command has no nodes");
  if (lost !== undefined) return refuse("churn", lost);
  const budgets = remainingOf(snapshot, command.reason);
  const [held] = spendBudgets(candidates, budgets).refused;
  if (held !== undefined) return refuse("budget", `${held.candidate.name}: ${held.obstacle.detail}`);
  const simulation = yield* simulateSteps(snapshot, command.nodes, { respectConsolidateAfter: true });
  if (simulation === undefined) return refuse("unknown", "one of its nodes is on its way out");
  if (simulation.unplaced.length > 0) return refuse("scheduling", unplacedObstacle(simulation.unplaced).detail);
  const { newClaims, existing } = simulation.solution;
  const different = differenceTo(command, newClaims);
  if (different !== undefined) return refuse("scheduling", different);
  return { valid: true, command: { ...command, existing, disruptionCost: disruptionCostOf(candidates) }, failed: 0 };
}

/** In the command's order, as they are now. */
function* stillCandidates(
  command: ProposedCommand,
  snapshot: DisruptionSnapshot,
): Steps<{ readonly candidates: readonly Candidate[]; readonly lost?: string }> {
  const { accepted, refused } = yield* candidatesSteps(snapshot, consolidationFilter(snapshot));
  const byName = new Map(accepted.map((candidate) => [candidate.name, candidate]));
  const candidates = command.nodes.flatMap((name) => byName.get(name) ?? []);
  const missing = command.nodes.find((name) => !byName.has(name));
  if (missing === undefined) return { candidates };
  const why =
    refused.find(({ node }) => node === missing)?.detail ?? "it is gone, or nothing on it has to move any more";
  return { candidates, lost: `${missing}: ${why}` };
}

/** What the pods need now must be what is about to be launched; undefined: it is. */
function differenceTo({ replacements }: ProposedCommand, needed: readonly PlannedClaim[]): string | undefined {
  const [replacement] = replacements;
  const [claim] = needed;
  if (needed.length > 1) return `${needed.length} new nodes are needed now`;
  if (claim === undefined) return replacement && "no replacement is needed any more";
  if (replacement === undefined) return "a new node is needed now";
  const names = new Set(claim.instanceTypes.map(({ name }) => name));
  const unfit = replacement.instanceTypes.find(({ name }) => !names.has(name));
  return unfit && `instance type ${unfit.name} would not do any more`;
}
