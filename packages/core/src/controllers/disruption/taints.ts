// Marks nodes as leaving, and takes the mark back (D-14, D-114).

import {
  Annotation,
  ConditionSet,
  DISRUPTED_TAINT,
  isConditionTrue,
  hasTaint,
  NodeClaims,
  Nodes,
  sameTaint,
  type KubeObject,
  type Node,
  type NodeClaim,
  type Taint,
} from "../../api/index.ts";
import { isNotFound, keyOf, KubeError, patchObject, patchObjectStatus } from "../../kube/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { retried } from "../retried.ts";
import { writeRecord } from "./persisted-command.ts";

type Deps = Pick<ControllerDeps, "kube" | "clock">;

/** The taint, or the condition or the record that goes with it: each may have been left alone. */
export function isMarked({ node, nodeClaim }: StateNode): boolean {
  if (nodeClaim && hasRecord(nodeClaim)) return true;
  const says = nodeClaim !== undefined && isConditionTrue(nodeClaim, "DisruptionReason");
  return says || hasTaint(node?.spec?.taints, DISRUPTED_TAINT);
}

/** The taint keeps the scheduler away; the condition says why. Answers false when the node is gone. */
export async function markDisrupted(
  deps: Deps & Pick<ControllerDeps, "random">,
  { node: seen, nodeClaim: seenClaim }: StateNode,
  reason: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (!seen || !seenClaim) return false;
  try {
    // A kubelet writes its Node all the time: what was written meanwhile is read again, not given up for.
    await retried(
      deps,
      async (before) => {
        const node = before === 0 ? seen : sameObject(seen, await deps.kube.get(Nodes, keyOf(seen), { signal }));
        await writeTaints(deps, node, [...withoutTaint(node), DISRUPTED_TAINT], signal);
      },
      signal,
    );
    await retried(
      deps,
      async (before) => {
        const claim =
          before === 0
            ? seenClaim
            : sameObject(seenClaim, await deps.kube.get(NodeClaims, keyOf(seenClaim), { signal }));
        const known = ConditionSet.forNodeClaim(claim, deps.clock.now());
        const conditions = known.set("DisruptionReason", "True", reason, reason);
        const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
        await patchObjectStatus(deps.kube, NodeClaims, { before: claim, after }, { lock: true, signal });
      },
      signal,
    );
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** @throws KubeError 404 where a namesake has taken its place */
function sameObject<T extends KubeObject>(seen: T, live: T): T {
  if (live.metadata.uid === seen.metadata.uid) return live;
  throw new KubeError(404, "NotFound", `${seen.metadata.name} was replaced by its namesake`);
}

export async function unmarkDisrupted(deps: Deps, target: StateNode, signal: AbortSignal): Promise<void> {
  const { node, nodeClaim } = target;
  try {
    if (node && hasTaint(node.spec?.taints, DISRUPTED_TAINT)) {
      await writeTaints(deps, node, withoutTaint(node), signal);
    }
    if (!nodeClaim) return;
    if (isConditionTrue(nodeClaim, "DisruptionReason")) {
      const conditions = ConditionSet.forNodeClaim(nodeClaim, deps.clock.now()).clear("DisruptionReason");
      const after = { ...nodeClaim, status: { ...nodeClaim.status, conditions: conditions.toList() } };
      await patchObjectStatus(deps.kube, NodeClaims, { before: nodeClaim, after }, { lock: true, signal });
    }
    if (hasRecord(nodeClaim)) await writeRecord(deps, [nodeClaim], null, signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function hasRecord({ metadata }: NodeClaim): boolean {
  return metadata.annotations?.[Annotation.DisruptionCommand] !== undefined;
}

function withoutTaint(node: Node): readonly Taint[] {
  return (node.spec?.taints ?? []).filter((taint) => !sameTaint(taint, DISRUPTED_TAINT));
}

async function writeTaints(deps: Deps, node: Node, taints: readonly Taint[], signal: AbortSignal): Promise<void> {
  const after: Node = { ...node, spec: { ...node.spec, taints } };
  await patchObject(deps.kube, Nodes, { before: node, after }, { lock: true, signal });
}
