// Whatever a former process or a failed command left behind: nodes that are marked for nothing, machines that nobody waits for (D-14, DX-35).

import { Annotation, isConditionTrue, NodeClaims } from "../../api/index.ts";
import { isConflict } from "../../kube/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { giveBackUnused } from "./replacements.ts";
import { isMarked, unmarkDisrupted } from "./taints.ts";

export interface Running {
  /** Names of the nodes of running commands. */
  readonly nodes: ReadonlySet<string>;
  /** Their ids. */
  readonly commands: ReadonlySet<string>;
}

export async function cleanUp(deps: ControllerDeps, running: Running, signal: AbortSignal): Promise<void> {
  await reopen(deps, running.nodes, signal);
  const left = deps.cache
    .informer(NodeClaims)
    .list()
    .filter((claim) => {
      const id = claim.metadata.annotations?.[Annotation.Replaces];
      return id !== undefined && !running.commands.has(id) && !isConditionTrue(claim, "Initialized");
    });
  if (left.length > 0)
    await giveBackUnused(
      deps,
      left.map(({ metadata: { name = "" } }) => name),
      signal,
    );
}

async function reopen(deps: ControllerDeps, inCommand: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  for (const node of deps.state.nodes()) {
    if (!node.managed || !node.node || node.markedForDeletion || node.node.metadata.deletionTimestamp) continue;
    if (inCommand.has(node.name) || !isMarked(node)) continue;
    try {
      await unmarkDisrupted(deps, node, signal);
      deps.logger.info("untainted node", { Node: node.name });
    } catch (error) {
      const failure = "taking the disruption mark off a node failed";
      if (isConflict(error)) deps.logger.debug(failure, { Node: node.name, error });
      else deps.logger.error(failure, { Node: node.name, error });
    }
  }
}
