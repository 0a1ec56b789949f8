// The volumes that an emptied node still holds: while they are attached, no other node can have them (D-177, D-178).

import {
  ConditionSet,
  getCondition,
  NodeClaims,
  Nodes,
  PersistentVolumeClaims,
  Pods,
  VolumeAttachments,
  type Node,
  type NodeClaim,
  type Pod,
  type VolumeAttachment,
} from "../../api/index.ts";
import { isDrainable } from "../../disruption/index.ts";
import { patchObjectStatus, type Informer, type KubeCache } from "../../kube/index.ts";
import type { ReconcileResult } from "../../runtime/index.ts";
import { POD_BY_NODE } from "../../state/index.ts";
import { minutes, seconds } from "../../units/index.ts";
import { currentClaim } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import type { BlockedDrains } from "./blocked-drains.ts";
import { deadlineOf } from "./deadline.ts";
import { volumeBound } from "./volume-bound.ts";

const MOST_NAMED = 5;
/** An object may have one event in five minutes in the long run; more often, and this would leave nothing for what else there is to tell. */
const TOLD_AGAIN = minutes(15);
const BY_NODE = "spec.nodeName";

/** Asked for once before the caches are filled. */
export function volumeAttachmentsByNode(cache: KubeCache): Informer<VolumeAttachment> {
  cache.informer(PersistentVolumeClaims);
  return cache.informer(VolumeAttachments, { [BY_NODE]: ({ spec }) => [spec.nodeName] });
}

/** Undefined when nothing is left to wait for. Attachments are never deleted here: only the volume's driver knows when. */
export async function awaitVolumes(
  deps: ControllerDeps,
  blocked: BlockedDrains,
  { node, claim }: { readonly node: Node; readonly claim: NodeClaim | undefined },
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const now = deps.clock.now();
  const current = currentClaim(deps.cache, claim);
  const known = current && ConditionSet.forNodeClaim(current, now);
  const names = pendingAttachments(deps.cache, node, now).map(({ metadata }) => metadata.name ?? "");
  if (names.length === 0) {
    await store(deps, current, known?.set("VolumesDetached", "True"), signal);
    return undefined;
  }
  const message = `waiting for volumes to be detached: ${listed(names)}`;
  if (now >= deadlineOf(current)) {
    const late = `the deadline passed while ${message}`;
    await store(deps, current, known?.set("VolumesDetached", "False", "TerminationGracePeriodElapsed", late), signal);
    return undefined;
  }
  const bound = current && volumeBound(deps, current);
  if (bound && now >= bound.until) {
    const late = `${bound.text} passed while ${message}`;
    await store(deps, current, known?.set("VolumesDetached", "False", "MaxVolumeWaitElapsed", late), signal);
    return undefined;
  }
  blocked.held(node, "volume", message, current && getCondition(current, "Drained")?.lastTransitionTime);
  await store(deps, current, known?.set("VolumesDetached", "Unknown", "AwaitingVolumeDetachment", message), signal);
  deps.events.publish({
    resource: Nodes,
    object: node,
    type: "Normal",
    reason: "AwaitingVolumeDetachment",
    message,
    dedupeKey: `AwaitingVolumeDetachment/${node.metadata.uid}`,
    dedupeFor: TOLD_AGAIN,
  });
  return { requeueAfter: seconds(1) };
}

/** Without those that will stay: a pod that outlives the drain keeps its volumes to the end. By name. */
function pendingAttachments(cache: KubeCache, node: Node, now: number): readonly VolumeAttachment[] {
  const name = node.metadata.name ?? "";
  const staying = cache
    .informer(Pods)
    .byIndex(POD_BY_NODE, name)
    .filter((pod) => !isDrainable(pod, now));
  const kept = new Set(staying.flatMap((pod) => volumesOf(cache, pod)));
  return volumeAttachmentsByNode(cache)
    .byIndex(BY_NODE, name)
    .filter(({ spec }) => {
      const volume = spec.source?.persistentVolumeName;
      return volume !== undefined && volume !== "" && !kept.has(volume);
    });
}

/** The sources through which a pod holds a persistent volume. */
interface ClaimingVolume {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly ephemeral?: unknown;
}

/** Names of the persistent volumes that the pod uses; a claim that is missing or not bound has none. */
function volumesOf(cache: KubeCache, pod: Pod): readonly string[] {
  const { name: podName = "", namespace = "" } = pod.metadata;
  const volumes = (pod.spec.volumes ?? []) as unknown as readonly ClaimingVolume[];
  return volumes.flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    // The claim of an ephemeral volume is named after its pod.
    const claimName = persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${podName}-${name}`);
    const claim = claimName && cache.informer(PersistentVolumeClaims).get({ namespace, name: claimName });
    return claim && claim.spec.volumeName ? [claim.spec.volumeName] : [];
  });
}

async function store(
  deps: Pick<ControllerDeps, "kube">,
  claim: NodeClaim | undefined,
  conditions: ConditionSet | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (!claim || !conditions) return;
  const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
  const change = { before: claim, after };
  await patchObjectStatus(deps.kube, NodeClaims, change, { lock: true, signal }).catch(ignoreNotFound);
}

function listed(names: readonly string[]): string {
  const others = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  return `${names.slice(0, MOST_NAMED).join(", ")}${others}`;
}
