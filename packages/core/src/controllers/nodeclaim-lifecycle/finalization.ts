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
import { isNotFound, keyOf, patchObject, patchObjectStatus } from "../../kube/index.ts";
import { hasCode } from "../../provider/index.ts";
import type { ReconcileResult } from "../../runtime/index.ts";
import { parseDuration, seconds } from "../../units/index.ts";
import { nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";

type Deps = Pick<ControllerDeps, "provider" | "kube" | "cache" | "clock" | "events" | "metrics" | "logger">;

export async function finalize(
  deps: Deps,
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  if (!claim.metadata.finalizers?.includes(TERMINATION_FINALIZER)) return undefined;
  await announceDeadline(deps, claim, signal);
  // Only a registered machine can hold pods that deserve a drain.
  if (isConditionTrue(claim, "Registered")) {
    const nodes = nodesOfMachine(deps.cache, claim.status?.providerID);
    for (const node of nodes) {
      if (node.metadata.deletionTimestamp) continue;
      await deps.kube
        .delete(Nodes, keyOf(node), { signal, preconditions: { uid: node.metadata.uid ?? "" } })
        .catch(ignoreNotFound);
    }
    if (nodes.length > 0) return undefined;
  }
  if (claim.status?.providerID && !(await machineIsGone(deps, claim, signal))) return { requeueAfter: seconds(5) };
  await removeFinalizer(deps, claim, signal);
  return undefined;
}

/** LC-35: from now on drain may force what is left at that moment. An existing deadline is never moved. */
async function announceDeadline(deps: Deps, claim: NodeClaim, signal: AbortSignal): Promise<void> {
  const period = claim.spec.terminationGracePeriod;
  const { deletionTimestamp, annotations } = claim.metadata;
  if (period === undefined || !deletionTimestamp || annotations?.[Annotation.TerminationTimestamp]) return;
  const deadline = toRfc3339(Date.parse(deletionTimestamp) + parseDuration(period));
  const marked = {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...annotations, [Annotation.TerminationTimestamp]: deadline } },
  };
  await patchObject(deps.kube, NodeClaims, { before: claim, after: marked }, { lock: true, signal });
  deps.logger.info("annotated nodeclaim", {
    NodeClaim: claim.metadata.name,
    [Annotation.TerminationTimestamp]: deadline,
  });
  deps.events.publish({
    resource: NodeClaims,
    object: claim,
    type: "Warning",
    reason: "TerminationGracePeriodExpiring",
    message: `all pods will be deleted by ${deadline}`,
  });
}

/** LC-37: asks the cloud to delete until it says that there is nothing left to delete. */
async function machineIsGone(deps: Deps, claim: NodeClaim, signal: AbortSignal): Promise<boolean> {
  try {
    await deps.provider.delete(claim, { signal });
  } catch (error) {
    if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) throw error;
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

export async function markInstanceTerminating(
  deps: Pick<ControllerDeps, "kube" | "clock">,
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<void> {
  if (isConditionTrue(claim, "InstanceTerminating")) return;
  const conditions = ConditionSet.forNodeClaim(claim, deps.clock.now()).set("InstanceTerminating", "True");
  const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
  await patchObjectStatus(deps.kube, NodeClaims, { before: claim, after }, { lock: true, signal });
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

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
