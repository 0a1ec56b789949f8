// node.termination: a deleted Node is tainted, drained, its machine given back, and only then forgotten (D-160 to D-182).

import {
  getCondition,
  Annotation,
  ConditionSet,
  DISRUPTED_TAINT,
  hasTaint,
  Label,
  nodeClassLabel,
  NodeClaims,
  Nodes,
  Pods,
  sameTaint,
  TERMINATION_FINALIZER,
  type Node,
  type NodeClaim,
} from "../../api/index.ts";
import { isNotFound, keyOf, patchObject, patchObjectStatus } from "../../kube/index.ts";
import { hasCode } from "../../provider/index.ts";
import { onChange, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import { POD_BY_NODE } from "../../state/index.ts";
import { milliseconds, seconds } from "../../units/index.ts";
import { claimsOfMachine, isReadyNode } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { markInstanceTerminating } from "../nodeclaim-lifecycle/finalization.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";
import { nextDrainStep } from "./drain.ts";
import type { EvictionQueue } from "./eviction-queue.ts";

/** Lets the scheduler see the taint before an empty node counts as drained (D-168). */
const MIN_DRAIN_TIME = seconds(5);

export function nodeTerminationController(deps: ControllerDeps, queue: EvictionQueue): Controller {
  const nodes = deps.cache.informer(Nodes);
  return {
    name: "node.termination",
    triggers: [onChange(Nodes, ({ after }) => (after && isOurs(deps, after) ? [after.metadata.name ?? ""] : []))],
    concurrency: 100,
    rateLimit: { base: milliseconds(100), max: seconds(10), bucket: { perSecond: 10, burst: 100 } },
    async reconcile(name, { signal }) {
      const node = nodes.get({ name });
      if (!node || !isOurs(deps, node)) return undefined;
      return await terminate(deps, queue, node, signal);
    },
  };
}

function isOurs(deps: ControllerDeps, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  return (
    node.metadata.deletionTimestamp !== undefined &&
    node.metadata.finalizers?.includes(TERMINATION_FINALIZER) === true &&
    deps.provider.supportedNodeClasses().some((groupKind) => labels[nodeClassLabel(groupKind)] !== undefined)
  );
}

async function terminate(
  deps: ControllerDeps,
  queue: EvictionQueue,
  node: Node,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const claims = claimsOfMachine(deps.cache, node.spec?.providerID ?? "");
  const claim = claims.length === 1 ? claims[0] : undefined;
  if (claim && !claim.metadata.deletionTimestamp) await deleteClaim(deps, claim, signal);
  if (!isReadyNode(node) && claim && (await isMachineGone(deps, claim, signal))) {
    // D-163.2: nothing runs there any more, so there is nothing to drain.
    return await release(deps, node, signal);
  }
  const tainted = await taint(deps, node, signal);
  const drained = await drain(deps, queue, tainted, claim, signal);
  if (drained) return drained;
  if (claim) {
    const instance = await terminateInstance(deps, claim, signal);
    if (instance) return instance;
  }
  return await release(deps, tainted, signal);
}

async function isMachineGone(deps: ControllerDeps, claim: NodeClaim, signal: AbortSignal): Promise<boolean> {
  try {
    await deps.provider.get(claim.status?.providerID ?? "", { signal });
    return false;
  } catch (error) {
    if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return true;
    throw error;
  }
}

/** D-164: one patch for the taint and the label that takes the node out of load balancers. */
async function taint(deps: ControllerDeps, node: Node, signal: AbortSignal): Promise<Node> {
  const present = node.spec?.taints ?? [];
  const taints = present.some((t) => sameTaint(t, DISRUPTED_TAINT))
    ? present
    : [...present.filter((t) => t.key !== DISRUPTED_TAINT.key), DISRUPTED_TAINT];
  const labels = { ...node.metadata.labels, [Label.ExcludeFromLoadBalancers]: "karpenter" };
  const wanted = { ...node, metadata: { ...node.metadata, labels }, spec: { ...node.spec, taints } };
  const stored = await patchObject(deps.kube, Nodes, { before: node, after: wanted }, { lock: true, signal });
  if (!hasTaint(present, DISRUPTED_TAINT)) deps.logger.info("tainted node", { Node: node.metadata.name });
  return stored;
}

/** Undefined when nothing is left to wait for. */
async function drain(
  deps: ControllerDeps,
  queue: EvictionQueue,
  node: Node,
  claim: NodeClaim | undefined,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const now = deps.clock.now();
  const deadline = deadlineOf(claim);
  const pods = deps.cache.informer(Pods).byIndex(POD_BY_NODE, node.metadata.name ?? "");
  const { waiting, next } = nextDrainStep(pods, deadline, now);
  const current = claim && deps.cache.informer(NodeClaims).get(keyOf(claim));
  if (waiting.length > 0) {
    if (current) await setDrained(deps, current, "Unknown", signal);
    queue.add(next, deadline === Infinity ? undefined : deadline, drainReason(current));
    deps.events.publish({
      resource: Nodes,
      object: node,
      type: "Warning",
      reason: "FailedDraining",
      message: `Failed to drain node, ${waiting.length} pods are waiting to be evicted`,
      dedupeKey: `FailedDraining/${node.metadata.uid}`,
    });
    return { requeueAfter: seconds(1) };
  }
  if (!current) return undefined;
  const known = getCondition(current, "Drained");
  if (known?.status === "True") return undefined;
  if (!known || known.reason !== "Draining") {
    await setDrained(deps, current, "Unknown", signal);
    return { requeueAfter: seconds(1) };
  }
  if (now - Date.parse(known.lastTransitionTime) < MIN_DRAIN_TIME) return { requeueAfter: seconds(1) };
  await setDrained(deps, current, "True", signal);
  deps.metrics.count("karpenter_nodes_drained_total", { nodepool: node.metadata.labels?.[Label.NodePool] ?? "" });
  return undefined;
}

async function setDrained(
  deps: ControllerDeps,
  claim: NodeClaim,
  status: "Unknown" | "True",
  signal: AbortSignal,
): Promise<void> {
  const known = ConditionSet.forNodeClaim(claim, deps.clock.now());
  const conditions =
    status === "True"
      ? known.set("Drained", "True")
      : known.set("Drained", "Unknown", "Draining", "pods are being evicted");
  const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
  await patchObjectStatus(deps.kube, NodeClaims, { before: claim, after }, { lock: true, signal });
}

/** D-179: the Node outlives its machine until the cloud says that it is gone. */
async function terminateInstance(
  deps: ControllerDeps,
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const current = deps.cache.informer(NodeClaims).get(keyOf(claim));
  if (!current) return undefined;
  try {
    await deps.provider.delete(current, { signal });
  } catch (error) {
    if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return undefined;
    throw error;
  }
  await markInstanceTerminating(deps, current, signal);
  return { requeueAfter: seconds(5) };
}

async function release(deps: ControllerDeps, node: Node, signal: AbortSignal): Promise<undefined> {
  // A strategic merge leaves the finalizers of others alone.
  const body = { metadata: { "$deleteFromPrimitiveList/finalizers": [TERMINATION_FINALIZER] } };
  try {
    await deps.kube.patch(Nodes, keyOf(node), { type: "strategic", body }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const labels = node.metadata.labels ?? {};
  deps.logger.info("deleted node", { Node: node.metadata.name });
  deps.metrics.count("karpenter_nodes_terminated_total", {
    nodepool: labels[Label.NodePool] ?? "",
    zone: labels[Label.Zone] ?? "",
  });
  return undefined;
}

function deadlineOf(claim: NodeClaim | undefined): number {
  const text = claim?.metadata.annotations?.[Annotation.TerminationTimestamp];
  if (text === undefined) return Infinity;
  const deadline = Date.parse(text);
  if (Number.isNaN(deadline)) {
    throw new Error(
      `nodeclaim ${claim?.metadata.name}: annotation ${Annotation.TerminationTimestamp} "${text}" is no RFC 3339 time`,
    );
  }
  return deadline;
}

/** D-175. */
function drainReason(claim: NodeClaim | undefined): string {
  if (!claim) return "";
  const reason = getCondition(claim, "DisruptionReason");
  return reason?.status === "True" ? reason.reason : "Forceful Termination";
}
