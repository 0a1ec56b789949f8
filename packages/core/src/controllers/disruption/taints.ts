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
  type Node,
  type NodeClaim,
  type Taint,
} from "../../api/index.ts";
import { isNotFound, patchObject, patchObjectStatus } from "../../kube/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { ControllerDeps } from "../deps.ts";
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
  deps: Deps,
  target: StateNode,
  reason: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { node, nodeClaim } = target;
  if (!node || !nodeClaim) return false;
  try {
    await writeTaints(deps, node, [...withoutTaint(node), DISRUPTED_TAINT], signal);
    const conditions = ConditionSet.forNodeClaim(nodeClaim, deps.clock.now()).set(
      "DisruptionReason",
      "True",
      reason,
      reason,
    );
    const after = { ...nodeClaim, status: { ...nodeClaim.status, conditions: conditions.toList() } };
    await patchObjectStatus(deps.kube, NodeClaims, { before: nodeClaim, after }, { lock: true, signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
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
