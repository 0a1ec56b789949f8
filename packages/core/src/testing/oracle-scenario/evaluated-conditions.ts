// The conditions Drifted and Consolidatable as they would stand on the NodeClaims of a scenario (D-130…D-138).

import { ConditionSet, getCondition, isConditionTrue, Label, NodeClaimCondition } from "../../api/index.ts";
import type { NodeClaim } from "../../api/index.ts";
import { consolidatableAt } from "../../disruption/index.ts";
import type { PoolInput } from "../../scheduling/index.ts";
import { driftReason } from "./drift-reason.ts";
import type { DriftFacts } from "./drift-reason.ts";
import { isManagedClass } from "./pool-inputs.ts";
import type { Scenario, ScenarioNode } from "./scenario.ts";

const { Consolidatable, Drifted, Launched } = NodeClaimCondition;

/** The entries of the scenario with the conditions computed, when it asks for that. */
export function evaluatedEntries(
  { options, nodes, now, driftedNodeClaims }: Scenario,
  pools: readonly PoolInput[],
  wellKnown: ReadonlySet<string>,
): readonly ScenarioNode[] {
  if (!options.evaluateConditions) return nodes;
  return nodes.map((entry) => {
    const { nodeClaim } = entry;
    const pool = nodeClaim && poolOf(nodeClaim, pools);
    if (nodeClaim === undefined || pool === undefined) return entry;
    const providerReason = driftedNodeClaims[nodeClaim.metadata.name ?? ""];
    const facts: DriftFacts = {
      ...pool,
      wellKnown,
      nowMs: Date.parse(now),
      ...(providerReason !== undefined && { providerReason }),
    };
    return { ...entry, nodeClaim: withConditions(nodeClaim, facts) };
  });
}

/** What holds of each claim, by its name: "Drifted(reason),Consolidatable". */
export function conditionsSaid(entries: readonly ScenarioNode[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entries.flatMap(({ nodeClaim }) => {
      if (nodeClaim === undefined) return [];
      const drifted = getCondition(nodeClaim, Drifted);
      const said = [
        ...(drifted?.status === "True" ? [`${Drifted}(${drifted.reason})`] : []),
        ...(isConditionTrue(nodeClaim, Consolidatable) ? [Consolidatable] : []),
      ];
      return [[nodeClaim.metadata.name ?? "", said.join(",")]];
    }),
  );
}

/** D-130: claims of others, without a pool or on their way out are left as they are. */
function poolOf({ metadata, spec }: NodeClaim, pools: readonly PoolInput[]): PoolInput | undefined {
  if (metadata.deletionTimestamp !== undefined || !isManagedClass(spec.nodeClassRef)) return undefined;
  return pools.find(({ nodePool }) => nodePool.metadata.name === metadata.labels?.[Label.NodePool]);
}

function withConditions(claim: NodeClaim, facts: DriftFacts): NodeClaim {
  const known = ConditionSet.forNodeClaim(claim, facts.nowMs);
  const reason = isConditionTrue(claim, Launched) ? driftReason(claim, facts) : undefined;
  const judged = reason === undefined ? known.clear(Drifted) : known.set(Drifted, "True", reason, reason);
  // A static pool keeps its number of nodes, so nothing is said of its claims.
  const conditions = facts.nodePool.spec.replicas === undefined ? withConsolidatable(judged, claim, facts) : judged;
  return { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
}

function withConsolidatable(conditions: ConditionSet, claim: NodeClaim, { nodePool, nowMs }: DriftFacts): ConditionSet {
  const at = consolidatableAt(claim, nodePool);
  return at !== undefined && at <= nowMs ? conditions.set(Consolidatable, "True") : conditions.clear(Consolidatable);
}
