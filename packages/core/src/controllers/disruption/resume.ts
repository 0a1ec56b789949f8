// Which commands a restarted controller goes on with: those whose replacements have all been ordered (DX-36). The others are cleaned up.

import { isConditionTrue, NodeClaims } from "../../api/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { StartingCommand } from "./command.ts";
import { interruptedCommands, type Interrupted } from "./persisted-command.ts";
import { REASONS } from "./tell.ts";

/** Their nodes count as leaving from here on. */
export function resumed(deps: Pick<ControllerDeps, "cache" | "clock" | "state">): readonly StartingCommand[] {
  const all = deps.cache.informer(NodeClaims).list();
  return interruptedCommands(all).flatMap((interrupted) => {
    const nodes = nodesOf(deps, interrupted);
    const staying = nodes.filter(({ nodeClaim }) => nodeClaim?.metadata.deletionTimestamp === undefined);
    if (!interrupted.isWhole || interrupted.replacements === 0 || nodes.length === 0) return [];
    // What leaves by itself by now may need the machines that still start for its pods.
    if (staying.length === 0 && interrupted.ordered.every((claim) => isConditionTrue(claim, "Initialized"))) return [];
    for (const { providerID } of staying) deps.state.markForDeletion(providerID);
    return [commandOf(interrupted, nodes, deps.clock.now())];
  });
}

function nodesOf({ state }: Pick<ControllerDeps, "state">, { candidates }: Interrupted): readonly StateNode[] {
  const names = new Set(candidates.map(({ metadata }) => metadata.name));
  return state.nodes().filter(({ node, nodeClaim }) => node && nodeClaim && names.has(nodeClaim.metadata.name));
}

function commandOf(
  { id, method, createdAt, ordered }: Interrupted,
  nodes: readonly StateNode[],
  now: number,
): StartingCommand {
  const deleted = nodes.filter(({ nodeClaim }) => nodeClaim?.metadata.deletionTimestamp !== undefined);
  return {
    id,
    phase: "starting",
    createdAt,
    dueAt: now,
    proposed: {
      method,
      reason: REASONS[method],
      decision: "replace",
      nodes: nodes.map(({ name }) => name),
      replacements: [],
      existing: [],
      disruptionCost: 0,
    },
    replacements: ordered.map(({ metadata: { name = "" } }) => name),
    initialized: new Set(),
    // What was deleted before is counted already.
    deleted: new Set(deleted.map(({ name }) => name)),
  };
}
