// What may be said of one pod when its node is about to go: whether it counts, protects, moves, is evicted or is waited for.

import { Annotation, DISRUPTED_TAINT, fromRfc3339, tolerates } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { isDaemonSetPod } from "../scheduling/index.ts";
import { DurationError, milliseconds, parseDuration } from "../units/index.ts";
import type { Duration } from "../units/index.ts";

/** After that long past its end a terminating pod is no longer waited for. */
const STUCK_AFTER: Duration = milliseconds(60_000);

export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && !isTerminating(pod);
}

export function isOwnedByDaemonSet(pod: Pod): boolean {
  return isDaemonSetPod(pod);
}

function isOwnedByStatefulSet(pod: Pod): boolean {
  return isOwnedBy(pod, "apps/v1", "StatefulSet");
}

/** Those of CronJobs are owned by Jobs too. */
export function isOwnedByJob(pod: Pod): boolean {
  return isOwnedBy(pod, "batch/v1", "Job");
}

/** A mirror pod: the node's own static pod. */
export function isOwnedByNode(pod: Pod): boolean {
  return isOwnedBy(pod, "v1", "Node");
}

/** What the annotation do-not-disrupt says now (D-2). */
export type Protection =
  | { readonly active: false }
  /** The text is neither "true" nor a positive duration; it counts as absent. */
  | { readonly active: false; readonly invalid: string }
  /** `until`: epoch milliseconds; absent when it never ends, or not before the pod starts. */
  | { readonly active: true; readonly until?: number };

export function protectionOf(pod: Pod, nowMs: number): Protection {
  const text = pod.metadata.annotations?.[Annotation.DoNotDisrupt];
  if (text === undefined) return { active: false };
  if (text === "true") return { active: true };
  const duration = positiveDuration(text);
  if (duration === undefined) return { active: false, invalid: text };
  const { startTime } = pod.status ?? {};
  if (startTime === undefined) return { active: true };
  const until = fromRfc3339(startTime) + duration;
  return nowMs < until ? { active: true, until } : { active: false };
}

export function isProtected(pod: Pod, nowMs: number): boolean {
  return protectionOf(pod, nowMs).active;
}

/** D-3: only a pod that is alive can protect its node. */
export function isDisruptable(pod: Pod, nowMs: number): boolean {
  return !isActive(pod) || !isProtected(pod, nowMs);
}

/** Would need a place elsewhere if its node went. A StatefulSet re-creates its terminating pod as soon as that is gone. */
export function isReschedulable(pod: Pod): boolean {
  const comesBack = isActive(pod) || (isTerminating(pod) && isOwnedByStatefulSet(pod));
  return comesBack && !isOwnedByDaemonSet(pod) && !isOwnedByNode(pod);
}

export function toleratesDisrupted(pod: Pod): boolean {
  return (pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, DISRUPTED_TAINT));
}

export function isEvictable(pod: Pod, nowMs: number): boolean {
  return isActive(pod) && !toleratesDisrupted(pod) && !isOwnedByNode(pod) && !isProtected(pod, nowMs);
}

/** The deletion timestamp already contains the pod's grace period. */
export function isStuckTerminating(pod: Pod, nowMs: number): boolean {
  const { deletionTimestamp } = pod.metadata;
  return deletionTimestamp !== undefined && nowMs - fromRfc3339(deletionTimestamp) > STUCK_AFTER;
}

/** Protected pods are drainable: the drain has to wait for them. */
export function isDrainable(pod: Pod, nowMs: number): boolean {
  return !toleratesDisrupted(pod) && !isStuckTerminating(pod, nowMs) && !isOwnedByNode(pod);
}

export function isWaitingEviction(pod: Pod, nowMs: number): boolean {
  return !isTerminal(pod) && isDrainable(pod, nowMs);
}

/**
 * S-201, S-202: waits for a node. A nominated node makes it wait for that one, unless the caller knows that the
 * nomination leads nowhere (node gone, or 60 s old).
 */
export function isProvisionable(pod: Pod, isNominationStale: (pod: Pod) => boolean = () => false): boolean {
  const unschedulable = (pod.status?.conditions ?? []).some(
    ({ type, reason }) => type === "PodScheduled" && reason === "Unschedulable",
  );
  if (!unschedulable || pod.spec.nodeName || !isActive(pod)) return false;
  if (isOwnedByDaemonSet(pod) || isOwnedByNode(pod)) return false;
  return !pod.status?.nominatedNodeName || isNominationStale(pod);
}

/** Ready=False counts as unhealthy; no condition does not. */
export function isUnhealthy(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "False") ?? false;
}

function positiveDuration(text: string): Duration | undefined {
  try {
    const duration = parseDuration(text);
    return duration > 0 ? duration : undefined;
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}

function isOwnedBy(pod: Pod, apiVersion: string, kind: string): boolean {
  return (pod.metadata.ownerReferences ?? []).some((owner) => owner.apiVersion === apiVersion && owner.kind === kind);
}
