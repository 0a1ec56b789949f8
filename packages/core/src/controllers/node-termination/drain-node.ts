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
  type Pod,
} from "../../api/index.ts";
import { indexPdbs, isWaitingEviction } from "../../disruption/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import type { ReconcileResult } from "../../runtime/index.ts";
import { POD_BY_NODE } from "../../state/index.ts";
import { seconds, type Duration } from "../../units/index.ts";
import { currentClaim } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { livePodsOf } from "../live-pods.ts";
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

/** The Node, with its claim as it is now. */
interface Leaving {
  readonly node: Node;
  readonly claim: NodeClaim | undefined;
}

/** Undefined when nothing is left to wait for. */
export async function drainNode(
  deps: ControllerDeps,
  parts: DrainParts,
  { node, claim: seen }: Leaving,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { drained } = parts;
  const now = deps.clock.now();
  const { name = "", uid = "" } = node.metadata;
  const claim = currentClaim(deps.cache, seen);
  const known = claim && getCondition(claim, "Drained");
  if (known?.status === "True") drained.set(name, uid);
  const shown = deps.cache.informer(Pods).byIndex(POD_BY_NODE, name);
  if (isAnyWaiting(shown, now)) return await waitFor(deps, parts, { node, claim }, shown, signal);
  if (claim ? known?.status === "True" : drained.get(name) === uid) return undefined;
  if (claim && (known?.reason !== "Draining" || now - Date.parse(known.lastTransitionTime) < MIN_DRAIN_TIME)) {
    await setDrained(deps, claim, "Unknown", "waiting for pods that may still be on their way", signal);
    return { requeueAfter: seconds(1) };
  }
  // A mirror that lags behind shows an empty node where pods run, and those would go with the machine. A deadline ends that doubt too.
  const live = now < deadlineOf(claim) ? await livePodsOf(deps, name, signal) : [];
  if (isAnyWaiting(live, now)) return await waitFor(deps, parts, { node, claim }, live, signal);
  if (claim) await setDrained(deps, claim, "True", "", signal);
  if (drained.get(name) === uid) return undefined;
  drained.set(name, uid);
  if (!claim) return undefined;
  observePhase(deps, claim, "drain", node.metadata.deletionTimestamp);
  deps.metrics.count("karpenter_nodes_drained_total", { nodepool: node.metadata.labels?.[Label.NodePool] ?? "" });
  return undefined;
}

async function waitFor(
  deps: ControllerDeps,
  { queue, blocked, told }: DrainParts,
  { node, claim }: Leaving,
  pods: readonly Pod[],
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const now = deps.clock.now();
  const { name = "" } = node.metadata;
  const deadline = deadlineOf(claim);
  const { waiting, next } = nextDrainStep(pods, deadline, now);
  const pdbs = indexPdbs(deps.cache.informer(PodDisruptionBudgets).list());
  const view = { pdbs, now, refusalOf: (pod: Pod) => queue.refusalOf(pod) };
  const blockers = describeBlockers(waiting, view);
  const cause = drainCauseOf(waiting, view);
  if (cause) blocked.held(node, cause, blockers);
  else blocked.free(name);
  if (claim) await setDrained(deps, claim, "Unknown", `waiting for ${blockers}`, signal);
  queue.add(next, deadline === Infinity ? undefined : deadline, drainReason(claim));
  const message = `Failed to drain node, ${waiting.length} pods are waiting to be evicted: ${blockers}`;
  const dedupeFor = told.tell(name, now);
  if (dedupeFor !== undefined) tellWaiting(deps, node, message, dedupeFor);
  return { requeueAfter: seconds(1) };
}

function isAnyWaiting(pods: readonly Pod[], now: number): boolean {
  return pods.some((pod) => isWaitingEviction(pod, now));
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
