// What is told of moves in NodePools with the policy Balanced, and of how many moves there were in all (DM-12, DM-13, E-6).

import { NodePools } from "../../api/index.ts";
import { BALANCED_K, LEAST_SCORE, type MethodDecision, type PoolScore } from "../../disruption/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { publishOn, type NodeByName, type Tell } from "./tell.ts";

export function tellScores(
  deps: Tell & Pick<ControllerDeps, "cache">,
  decision: MethodDecision,
  nodes: NodeByName,
): void {
  countMoves(deps, decision, nodes);
  for (const { nodePool: nodepool, nodes: names, approved, ...shares } of decision.scores) {
    const { score } = shares;
    const labels = { decision: approved ? "approved" : "rejected", nodepool, policy: "Balanced" };
    deps.logger.debug("consolidation score", { NodePool: nodepool, nodes: names, approved, ...shares });
    if (Number.isFinite(score)) deps.metrics.observe("karpenter_consolidation_score", labels, score);
    if (!approved) continue;
    const message = scoreText(shares);
    if (decision.method === "multi") {
      const object = deps.cache.informer(NodePools).get({ name: nodepool });
      const note = { type: "Normal", reason: "ConsolidationApproved", message } as const;
      if (object) deps.events.publish({ ...note, resource: NodePools, object });
    } else for (const name of names) publishOn(deps, nodes(name), { reason: "ConsolidationApproved", message });
  }
}

/** DM-13: moves of pools under other policies count too; of several nodes only the move that came of it, once for each pool. */
function countMoves(
  deps: Pick<Tell, "metrics"> & Pick<ControllerDeps, "cache">,
  { method, commands, scores }: MethodDecision,
  nodes: NodeByName,
): void {
  if (method !== "single" && method !== "multi") return;
  const count = (nodepool: string, isApproved: boolean): void => {
    const pool = deps.cache.informer(NodePools).get({ name: nodepool });
    const policy = pool?.spec.disruption?.consolidationPolicy ?? "WhenEmptyOrUnderutilized";
    const labels = { decision: isApproved ? "approved" : "rejected", nodepool, policy };
    deps.metrics.count("karpenter_consolidation_moves_total", labels);
  };
  const poolsIn = (names: readonly string[]) => new Set(names.flatMap((name) => nodes(name)?.nodePool ?? []));
  if (method === "multi") {
    for (const pool of poolsIn(commands[0]?.nodes ?? scores[0]?.nodes ?? [])) count(pool, commands.length > 0);
    return;
  }
  for (const { nodePool, approved } of scores) count(nodePool, approved);
  const scored = new Set(scores.map(({ nodePool }) => nodePool));
  for (const pool of poolsIn(commands.flatMap((command) => command.nodes))) if (!scored.has(pool)) count(pool, true);
}

function scoreText({
  score,
  savingsShare,
  disruptionShare,
}: Omit<PoolScore, "nodePool" | "nodes" | "approved">): string {
  const [saved, disturbed] = [savingsShare, disruptionShare].map((share) => `${(share * 100).toFixed(1)} %`);
  return `the move scores ${score.toFixed(2)}, ${LEAST_SCORE.toFixed(2)} is needed (k: ${BALANCED_K}): it saves ${saved} of what the NodePool costs and disturbs ${disturbed} of its pods`;
}
