// One pass over a node that is being emptied: who goes next, what is waited for, and the condition that tells of it.

import {
  ConditionSet,
  getCondition,
  Label,
  NodeClaims,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  type Node,
  type NodeClaim,
} from "../../api/index.ts";
import { indexPdbs } from "../../disruption/index.ts";
import { keyOf, patchObjectStatus } from "../../kube/index.ts";
import type { ReconcileResult } from "../../runtime/index.ts";
import { POD_BY_NODE } from "../../state/index.ts";
import { seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import type { BlockedDrains } from "./blocked-drains.ts";
import { describeBlockers, drainCauseOf } from "./blockers.ts";
import { deadlineOf } from "./deadline.ts";
import { nextDrainStep } from "./drain.ts";
import type { EvictionQueue } from "./eviction-queue.ts";
import type { GrowingInterval } from "./growing-interval.ts";
import { observePhase } from "./phases.ts";

/** Lets the scheduler see the taint before an empty node counts as drained (D-168). */
const MIN_DRAIN_TIME = seconds(5);

export interface DrainParts {
  readonly queue: EvictionQueue;
  readonly blocked: BlockedDrains;
  /** By name of the Node. */
  readonly told: GrowingInterval;
  /** Uids by name of those that were drained once: what comes to them later is no second end (DM-15). */
  readonly drained: Map<string, string>;
}

/** Undefined when nothing is left to wait for. */
export async function drainNode(
  deps: ControllerDeps,
  { queue, blocked, told, drained }: DrainParts,
  { node, claim }: { readonly node: Node; readonly claim: NodeClaim | undefined },
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const now = deps.clock.now();
  const { name = "", uid = "" } = node.metadata;
  const current = claim && deps.cache.informer(NodeClaims).get(keyOf(claim));
  const deadline = deadlineOf(current);
  const pods = deps.cache.informer(Pods).byIndex(POD_BY_NODE, name);
  const { waiting, next } = nextDrainStep(pods, deadline, now);
  const known = current && getCondition(current, "Drained");
  if (known?.status === "True") drained.set(name, uid);
  if (waiting.length > 0) {
    const pdbs = indexPdbs(deps.cache.informer(PodDisruptionBudgets).list());
    const blockers = describeBlockers(waiting, pdbs, now);
    const cause = drainCauseOf(waiting, pdbs, now);
    if (cause) blocked.held(node, cause, blockers);
    else blocked.free(name);
    if (current) await setDrained(deps, current, "Unknown", `waiting for ${blockers}`, signal);
    queue.add(next, deadline === Infinity ? undefined : deadline, drainReason(current));
    const message = `Failed to drain node, ${waiting.length} pods are waiting to be evicted: ${blockers}`;
    const dedupeFor = told.tell(name, now);
    if (dedupeFor !== undefined) tellWaiting(deps, node, message, dedupeFor);
    return { requeueAfter: seconds(1) };
  }
  if (!current) return undefined;
  if (known?.status === "True") return undefined;
  if (!known || known.reason !== "Draining" || now - Date.parse(known.lastTransitionTime) < MIN_DRAIN_TIME) {
    await setDrained(deps, current, "Unknown", "waiting for pods that may still be on their way", signal);
    return { requeueAfter: seconds(1) };
  }
  await setDrained(deps, current, "True", "", signal);
  if (drained.get(name) === uid) return undefined;
  drained.set(name, uid);
  observePhase(deps, current, "drain", node.metadata.deletionTimestamp);
  deps.metrics.count("karpenter_nodes_drained_total", { nodepool: node.metadata.labels?.[Label.NodePool] ?? "" });
  return undefined;
}

function tellWaiting(deps: Pick<ControllerDeps, "events">, node: Node, message: string, dedupeFor: Duration): void {
  deps.events.publish({
    resource: Nodes,
    object: node,
    type: "Warning",
    reason: "FailedDraining",
    message,
    dedupeKey: `FailedDraining/${node.metadata.uid}`,
    dedupeFor,
  });
}

async function setDrained(
  deps: Pick<ControllerDeps, "kube" | "clock">,
  claim: NodeClaim,
  status: "Unknown" | "True",
  message: string,
  signal: AbortSignal,
): Promise<void> {
  const known = ConditionSet.forNodeClaim(claim, deps.clock.now());
  const conditions =
    status === "True" ? known.set("Drained", "True") : known.set("Drained", "Unknown", "Draining", message);
  const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
  const change = { before: claim, after };
  await patchObjectStatus(deps.kube, NodeClaims, change, { lock: true, signal }).catch(ignoreNotFound);
}

/** D-175. */
function drainReason(claim: NodeClaim | undefined): string {
  if (!claim) return "";
  const reason = getCondition(claim, "DisruptionReason");
  return reason?.status === "True" ? reason.reason : "Forceful Termination";
}
