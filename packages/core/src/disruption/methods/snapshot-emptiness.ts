// Emptiness, asked of a snapshot and answered like the other methods (D-61, D-62).

import { priceOf } from "../candidate-order.ts";
import { candidatesSteps } from "../candidates.ts";
import { emptinessSteps } from "./emptiness.ts";
import type { EmptinessDecision } from "./emptiness.ts";
import type { MethodDecision, ProposedCommand } from "../method.ts";
import { disruptionCostOf } from "../proposal.ts";
import { rateOfAll } from "../replacement.ts";
import type { DisruptionSnapshot } from "../snapshot.ts";
import type { Steps } from "../steps.ts";

/** `only`: the nodes of a command that is validated again (D-108). */
export function* decideSnapshotEmptiness(
  snapshot: DisruptionSnapshot,
  only?: readonly string[],
): Steps<MethodDecision> {
  const decision = yield* emptinessOf(snapshot, only);
  const selected = decision.command?.nodes ?? [];
  const held = decision.verdicts.filter(({ code }) => code === "Budget" || code === "BudgetInvalid");
  return {
    method: "emptiness",
    commands: selected.length > 0 ? [yield* commandFor(selected, snapshot)] : [],
    verdicts: decision.verdicts,
    budgets: decision.budgets,
    eligible: [...selected, ...held.map(({ node }) => node)],
    constrained: decision.constrained,
    timedOut: false,
    scores: [],
  };
}

function emptinessOf(snapshot: DisruptionSnapshot, only?: readonly string[]): Steps<EmptinessDecision> {
  const { nodes, nodePools, pdbs, nowMs, pools, inCommand, kept, paused, bufferNodes, hourly } = snapshot;
  return emptinessSteps({
    nodes,
    nodePools,
    pdbs,
    nowMs,
    instanceTypes: new Map(pools.map((pool) => [pool.nodePool.metadata.name ?? "", pool.instanceTypes])),
    inCommand,
    ...(kept && { kept }),
    // An empty node has nothing to lose by another try.
    ...(paused && { paused: new Map([...paused].filter(([, { alsoEmpty }]) => alsoEmpty === true)) }),
    ...(bufferNodes && { bufferNodes }),
    ...(hourly && { hourly }),
    ...(only && { only: new Set(only) }),
  });
}

function* commandFor(nodes: readonly string[], snapshot: DisruptionSnapshot): Steps<ProposedCommand> {
  const chosen = new Set(nodes);
  const { accepted } = yield* candidatesSteps(snapshot, {
    disruptionClass: "graceful",
    looksAt: ({ name }) => chosen.has(name),
  });
  const isPriced = rateOfAll(accepted) !== undefined && accepted.every(({ rate }) => rate !== undefined);
  return {
    method: "emptiness",
    reason: "Empty",
    decision: "delete",
    nodes,
    replacements: [],
    existing: [],
    ...(isPriced && { savings: accepted.reduce((sum, candidate) => sum + priceOf(candidate), 0) }),
    disruptionCost: disruptionCostOf(accepted),
  };
}
