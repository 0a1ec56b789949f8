// Asks the engine about empty nodes with what the mirror shows, and writes down what it said.

import { NodePools, PodDisruptionBudgets, type NodePool } from "../../api/index.ts";
import { decideEmptiness, type EmptinessDecision } from "../../disruption/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { ControllerDeps } from "../deps.ts";

const NAME = "disruption";

export type JudgeDeps = Pick<ControllerDeps, "cache" | "state" | "clock" | "provider" | "buffers">;

/** `only`: the nodes of a command that is judged again; `nodes` may know more of them than the mirror. */
export function judge(
  deps: JudgeDeps,
  {
    only,
    nodes = deps.state.nodes(),
  }: { readonly only?: readonly string[]; readonly nodes?: readonly StateNode[] } = {},
): EmptinessDecision {
  return decideEmptiness({
    nodes,
    nodePools: managedPools(deps),
    pdbs: deps.cache.informer(PodDisruptionBudgets).list(),
    nowMs: deps.clock.now(),
    kept: keptNodes(deps, nodes),
    ...(deps.buffers && { bufferNodes: deps.buffers.keepers(nodes) }),
    ...(only ? { only: new Set(only) } : {}),
  });
}

/** What the provider could not remove is not drained for nothing. */
function keptNodes({ provider }: JudgeDeps, nodes: readonly StateNode[]): ReadonlyMap<string, string> {
  const kept = new Map<string, string>();
  for (const { name, nodeClaim } of nodes) {
    const why = nodeClaim && provider.keeps?.(nodeClaim);
    if (why !== undefined) kept.set(name, why);
  }
  return kept;
}

export function managedPools(deps: Pick<ControllerDeps, "cache" | "state">): readonly NodePool[] {
  const pools = deps.cache.informer(NodePools).list();
  return pools.filter((pool) => deps.state.isManaged(pool.spec.template.spec.nodeClassRef));
}

/** In observe mode what was selected is only said. */
export function recordDecision(
  deps: Pick<ControllerDeps, "decisions" | "clock" | "gate" | "logger">,
  decision: EmptinessDecision,
): void {
  for (const [NodePool, { errors }] of decision.budgets) {
    if (errors.length > 0)
      deps.logger.error("nodepool has a budget that cannot be read, nothing of it is disrupted", { NodePool, errors });
  }
  for (const { node, code, detail } of decision.verdicts) {
    if (deps.gate.observeOnly && code === "Selected")
      recordVerdict(deps, "ObserveOnly", node, "observe mode: it is empty and would go now");
    else recordVerdict(deps, code, node, detail);
  }
}

export function recordVerdict(
  deps: Pick<ControllerDeps, "decisions" | "clock">,
  verdict: string,
  node: string,
  detail: string,
): void {
  deps.decisions.record({ at: deps.clock.now(), controller: NAME, verdict, subject: `Node ${node}`, detail });
}
