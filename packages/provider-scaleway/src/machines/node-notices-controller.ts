// scaleway.nodenotices: tells when a GPU machine has joined and nothing announces its GPUs (T-70, W-26).

import { isConditionTrue, NodeClaims, Nodes } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { EventRecorder, KubeCache } from "@karpenter-multicloud/core/kube";
import { singletonController } from "@karpenter-multicloud/core/runtime";
import type { Clock, Controller } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import { isOurs } from "./class-view.ts";

const EVERY = minutes(1);
const NO_GPU_FOR_MS = minutes(5);
const AGAIN = minutes(30);
const GPU = "nvidia.com/gpu";

export interface NodeNoticesParts {
  readonly cache: KubeCache;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

export function nodeNoticesController({ cache, clock, events }: NodeNoticesParts): Controller {
  const claims = cache.informer(NodeClaims);
  const nodes = cache.informer(Nodes);
  return singletonController({
    name: "scaleway.nodenotices",
    async run() {
      for (const claim of claims.list()) {
        if (!waitsForGpu(claim, clock.now())) continue;
        const nodeName = claim.status?.nodeName ?? "";
        const allocatable = nodes.get({ name: nodeName })?.status?.allocatable?.[GPU];
        if (Number(allocatable ?? 0) > 0) continue;
        const message = `node ${nodeName} has registered and does not announce ${GPU}: see whether an NVIDIA device plugin runs on it and tolerates its taints`;
        const note = { type: "Warning", reason: "GPUNotRegistered", message, dedupeFor: AGAIN } as const;
        events.publish({ resource: NodeClaims, object: claim, ...note });
      }
      return { requeueAfter: EVERY };
    },
  });
}

function waitsForGpu(claim: NodeClaim, now: number): boolean {
  const { metadata, status } = claim;
  if (!isOurs(claim) || metadata.deletionTimestamp !== undefined || status?.capacity?.[GPU] === undefined) return false;
  if (isConditionTrue(claim, "Initialized")) return false;
  const joined = status.conditions?.find(({ type, status: value }) => type === "Registered" && value === "True");
  return now - Date.parse(joined?.lastTransitionTime ?? "") >= NO_GPU_FOR_MS;
}
