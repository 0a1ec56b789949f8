// The end of a claim: its Nodes are drained first, then the machine goes, then the object (LC-35 to LC-40).

import {
  isConditionTrue,
  getCondition,
  Annotation,
  ConditionSet,
  Label,
  NodeClaims,
  Nodes,
  TERMINATION_FINALIZER,
  toRfc3339,
  type NodeClaim,
} from "../../api/index.ts";
import { patchObject, patchObjectStatus } from "../../kube/index.ts";
import { hasCode } from "../../provider/index.ts";
import { ObserveOnly, type ReconcileResult } from "../../runtime/index.ts";
import { minutes, parseDuration, seconds } from "../../units/index.ts";
import { nodesOfMachine } from "../claims.ts";
import { deleteMachine } from "../cloud-writes.ts";
import { deleteNode } from "../delete-node.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { deadlineNote } from "../node-termination/deadline.ts";
import type { LaunchCache } from "./launch.ts";

/** Since the claim was deleted. */
const REFUSED_AFTER = minutes(10);
const TOLD_AGAIN = minutes(15);
const MESSAGE_LIMIT = 300;

type Deps = Pick<ControllerDeps, "provider" | "gate" | "kube" | "cache" | "clock" | "events" | "metrics" | "logger">;

export async function finalize(
  deps: Deps,
  launched: LaunchCache,
  stored: NodeClaim,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  if (!stored.metadata.finalizers?.includes(TERMINATION_FINALIZER)) return undefined;
  const announced = await announceDeadline(deps, stored, signal);
  if (!announced) return undefined;
  const claim = launched.completed(announced, deps.clock.now());
  // Only a registered machine can hold pods that deserve a drain.
  if (isConditionTrue(claim, "Registered")) {
    const nodes = nodesOfMachine(deps.cache, claim.status?.providerID);
    for (const node of nodes) {
      if (!node.metadata.deletionTimestamp) await deleteNode(deps, node, signal);
    }
    if (nodes.length > 0) return undefined;
  }
  if (claim.status?.providerID && !(await machineIsGone(deps, claim, signal))) return { requeueAfter: seconds(5) };
  await removeFinalizer(deps, claim, signal);
  launched.forget(claim.metadata.uid ?? "");
  return undefined;
}

/** LC-35: from now on drain may force what is left at that moment. An existing deadline is never moved. Undefined: the claim is gone. */
async function announceDeadline(deps: Deps, claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim | undefined> {
  const period = claim.spec.terminationGracePeriod;
  const { deletionTimestamp, annotations } = claim.metadata;
  if (period === undefined || !deletionTimestamp || annotations?.[Annotation.TerminationTimestamp]) return claim;
  const deadline = toRfc3339(Date.parse(deletionTimestamp) + parseDuration(period));
  const marked = {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...annotations, [Annotation.TerminationTimestamp]: deadline } },
  };
  const change = { before: claim, after: marked };
  const stored = await patchObject(deps.kube, NodeClaims, change, { lock: true, signal }).catch(ignoreNotFound);
  if (!stored) return undefined;
  deps.logger.info("annotated nodeclaim", {
    NodeClaim: claim.metadata.name,
    [Annotation.TerminationTimestamp]: deadline,
  });
  const note = deadlineNote(deadline);
  deps.events.publish({ ...note, resource: NodeClaims, object: claim });
  for (const node of nodesOfMachine(deps.cache, claim.status?.providerID)) {
    deps.events.publish({ ...note, resource: Nodes, object: node });
  }
  return stored;
}

/** LC-37: asks the cloud to delete until it says that there is nothing left to delete. */
async function machineIsGone(deps: Deps, claim: NodeClaim, signal: AbortSignal): Promise<boolean> {
  try {
    await deleteMachine(deps, claim, signal);
  } catch (error) {
    if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) {
      tellRefusal(deps, claim, error);
      throw error;
    }
    const since = getCondition(claim, "InstanceTerminating")?.lastTransitionTime;
    const nodepool = claim.metadata.labels?.[Label.NodePool] ?? "";
    if (since) {
      const took = (deps.clock.now() - Date.parse(since)) / 1000;
      deps.metrics.observe("karpenter_nodeclaims_instance_termination_duration_seconds", { nodepool }, took);
    }
    return true;
  }
  await markInstanceTerminating(deps, claim, signal);
  return false;
}

/** A claim that the cloud keeps from going is not left to the log; what passes by itself is. */
function tellRefusal({ clock, events }: Deps, claim: NodeClaim, error: unknown): void {
  const { uid, deletionTimestamp = "" } = claim.metadata;
  if (error instanceof ObserveOnly || !(clock.now() - Date.parse(deletionTimestamp) >= REFUSED_AFTER)) return;
  const text = (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_LIMIT);
  events.publish({
    resource: NodeClaims,
    object: claim,
    type: "Warning",
    reason: "TerminationBlocked",
    message: `the cloud does not take its machine ${claim.status?.providerID} back: ${text}`,
    dedupeKey: `TerminationBlocked/${uid}`,
    dedupeFor: TOLD_AGAIN,
  });
}

export async function markInstanceTerminating(
  deps: Pick<ControllerDeps, "kube" | "clock">,
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<void> {
  if (isConditionTrue(claim, "InstanceTerminating")) return;
  const conditions = ConditionSet.forNodeClaim(claim, deps.clock.now()).set("InstanceTerminating", "True");
  const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
  const change = { before: claim, after };
  await patchObjectStatus(deps.kube, NodeClaims, change, { lock: true, signal }).catch(ignoreNotFound);
}

async function removeFinalizer(deps: Deps, claim: NodeClaim, signal: AbortSignal): Promise<void> {
  const finalizers = (claim.metadata.finalizers ?? []).filter((name) => name !== TERMINATION_FINALIZER);
  const after = { ...claim, metadata: { ...claim.metadata, finalizers } };
  await patchObject(deps.kube, NodeClaims, { before: claim, after }, { lock: true, signal }).catch(ignoreNotFound);
  const labels = claim.metadata.labels ?? {};
  const nodepool = labels[Label.NodePool] ?? "";
  deps.logger.info("deleted nodeclaim", { NodeClaim: claim.metadata.name, "provider-id": claim.status?.providerID });
  const took = (deps.clock.now() - Date.parse(claim.metadata.deletionTimestamp ?? "")) / 1000;
  deps.metrics.observe("karpenter_nodeclaims_termination_duration_seconds", { nodepool }, took);
  deps.metrics.count("karpenter_nodeclaims_terminated_total", {
    nodepool,
    capacity_type: labels[Label.CapacityType] ?? "",
    zone: labels[Label.Zone] ?? "",
  });
}
