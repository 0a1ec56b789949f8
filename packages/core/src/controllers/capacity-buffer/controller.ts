// capacitybuffer: finds out for which pods, and for how many, each CapacityBuffer keeps room, and tells whether it is there (CB-1 to CB-4).

import {
  ACTIVE_CAPACITY,
  CapacityBuffers,
  NodeClaimCondition,
  NodeClaims,
  isConditionTrue,
  Pods,
  PodTemplates,
  type CapacityBuffer,
  type NodeClaim,
  type Pod,
  type PodTemplateObject,
} from "../../api/index.ts";
import { isOwnedByDaemonSet } from "../../disruption/index.ts";
import { keyOf, keyText, parseKey, patchObjectStatus } from "../../kube/index.ts";
import {
  onChange,
  type Controller,
  type ObjectChange,
  type RateLimit,
  type ReconcileResult,
} from "../../runtime/index.ts";
import { bufferPodSpec, bufferReplicas, podRequests } from "../../scheduling/index.ts";
import { milliseconds, seconds, type Duration } from "../../units/index.ts";
import type { BufferStore } from "../buffer-store.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { bufferStatus, type Sized } from "./buffer-status.ts";
import { resolveShape, type Shape, type Unresolved } from "./resolve-shape.ts";

/** CB-3. */
const AGAIN: Duration = seconds(30);
const RATE_LIMIT: RateLimit = {
  base: milliseconds(100),
  max: seconds(60),
  bucket: { perSecond: 10, burst: 100 },
};
/** What one buffer can have, so that a slip of the pen does not fill the process with pods. */
const MOST_PODS = 5000;

type Deps = Pick<ControllerDeps, "kube" | "cache" | "clock">;

export function capacityBufferController(deps: Deps, store: BufferStore): Controller {
  const buffers = deps.cache.informer(CapacityBuffers);
  deps.cache.informer(PodTemplates);
  watchRoom(deps, store);
  /** When each was last part of a plan that was asked for here. */
  const askedAt = new Map<string, number>();
  return {
    name: "capacitybuffer",
    triggers: [
      onChange(CapacityBuffers, ({ before, after }) => [textOf(after ?? before)]),
      onChange(PodTemplates, (change) => usersOf(buffers.list(), change)),
    ],
    feed: (enqueue) => store.onOutcome(enqueue),
    concurrency: 10,
    rateLimit: RATE_LIMIT,
    async reconcile(key, { signal }): Promise<ReconcileResult | undefined> {
      const buffer = buffers.get(parseKey(key));
      if (!buffer || buffer.metadata.deletionTimestamp || !isOurs(buffer)) {
        askedAt.delete(key);
        // One that is there and not ours has been looked at; whoever waits for that must not wait for ever.
        if (buffer) store.wish(key, undefined);
        else store.forget(key);
        return undefined;
      }
      const found = sized(buffer, await resolveShape(deps, buffer, signal));
      const isNew = store.wish(key, wishOf(buffer, found));
      const now = deps.clock.now();
      const due = (askedAt.get(key) ?? Number.NEGATIVE_INFINITY) + AGAIN;
      if (isNew || ("shape" in found && found.replicas > 0 && now >= due)) {
        askedAt.set(key, now);
        store.ask();
      }
      const outcome = store.outcomeOf(key);
      const status = bufferStatus(buffer, { found, nowMs: now, ...(outcome && { outcome }) });
      const change = { before: buffer, after: { ...buffer, status } };
      await patchObjectStatus(deps.kube, CapacityBuffers, change, { lock: true, signal }).catch(ignoreNotFound);
      return { requeueAfter: milliseconds(Math.max(1, (askedAt.get(key) ?? now) + AGAIN - now)) };
    },
  };
}

function isOurs({ spec }: CapacityBuffer): boolean {
  return (spec.provisioningStrategy ?? ACTIVE_CAPACITY) === ACTIVE_CAPACITY;
}

function sized({ spec }: CapacityBuffer, shape: Shape | Unresolved): Sized | Unresolved {
  if ("reason" in shape) return shape;
  const { scalable } = shape;
  try {
    const requests = podRequests({ spec: bufferPodSpec(shape.template.spec) });
    const wanted = bufferReplicas({ spec, requests, ...(scalable === undefined ? {} : { scalable }) });
    return { shape, wanted, replicas: Math.min(wanted, MOST_PODS) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { reason: "ResolutionFailed", message: `an amount cannot be reckoned with: ${detail}` };
  }
}

function wishOf({ metadata }: CapacityBuffer, found: Sized | Unresolved): Parameters<BufferStore["wish"]>[1] {
  return "shape" in found ? { buffer: metadata, template: found.shape.template, count: found.replicas } : undefined;
}

/** Whoever takes room that was kept, and whatever takes a node away that had it, makes another plan due at once (E-80, E-92). */
function watchRoom({ cache }: Deps, store: BufferStore): void {
  cache.informer(Pods).onChange((change) => {
    const node = boundTo(change);
    if (node !== undefined && store.keepsRoomOn(node)) store.ask();
  });
  cache.informer(NodeClaims).onChange((change) => {
    const name = (change.after ?? change.before)?.metadata.name ?? "";
    if (changedPlace(change) && store.keepsRoomOn(name)) store.ask();
  });
}

function boundTo({ before, after }: ObjectChange<Pod>): string | undefined {
  if (!after?.spec.nodeName || before?.spec.nodeName || isOwnedByDaemonSet(after)) return undefined;
  return after.spec.nodeName;
}

/** It came into service, goes, or has gone. */
function changedPlace({ before, after }: ObjectChange<NodeClaim>): boolean {
  if (after === undefined) return true;
  const leaves = after.metadata.deletionTimestamp !== undefined && before?.metadata.deletionTimestamp === undefined;
  return leaves || (isInService(after) && !(before && isInService(before)));
}

function isInService(claim: NodeClaim): boolean {
  return isConditionTrue(claim, NodeClaimCondition.Initialized);
}

function usersOf(
  buffers: readonly CapacityBuffer[],
  { before, after }: ObjectChange<PodTemplateObject>,
): readonly string[] {
  const { namespace, name } = (after ?? before)?.metadata ?? {};
  return buffers
    .filter(({ metadata, spec }) => metadata.namespace === namespace && spec.podTemplateRef?.name === name)
    .map(textOf);
}

function textOf(buffer: CapacityBuffer | undefined): string {
  return buffer ? keyText(keyOf(buffer)) : "";
}
