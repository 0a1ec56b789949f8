// A pod as the reference engine queues it: with the rules that count it, and a text by which it knows pods that are alike.

import { isBufferPod } from "../../scheduling/buffer-pods.ts";
import type { PodDraft, PodToPlace } from "../../scheduling/pod-to-place.ts";
import { podKey } from "../../scheduling/pod-to-place.ts";
import type { TopologyGroup } from "../../scheduling/topology/domain-count.ts";
import { identityOf } from "../../scheduling/volumes/alternatives.ts";
import { compareText } from "../../units/index.ts";
import type { TopologyTracker } from "./topology-tracker.ts";

/** Once every pod is read. */
export function completed(draft: PodDraft, tracker: TopologyTracker): PodToPlace {
  const { pod, requests, hostPorts, volumes, isMoving, attempts } = draft;
  const topology = tracker.selecting(pod);
  const { nodeSelector, tolerations, affinity } = pod.spec;
  const groups = [
    ...attempts.map((attempt) => [idsOf(attempt.topology.owned), idsOf(attempt.topology.carried)]),
    idsOf([...topology.counted]),
    idsOf(topology.inverse),
  ];
  // With the names of the claims: pods that share an explanation share these.
  const storage = [volumes.alternatives.map(identityOf), volumes.mounts, volumes.places.map(({ claim }) => claim)];
  const own = [nodeSelector, tolerations, affinity?.nodeAffinity, requests, hostPorts, isMoving, storage];
  const signature = JSON.stringify([...own, groups]);
  return { ...draft, topology, signature };
}

function idsOf(groups: readonly TopologyGroup[]): readonly number[] {
  return groups.map(({ id }) => id);
}

/** S-313: large pods first, old ones before young ones; S-208: spare capacity after all of them. */
export function compareForQueue(a: PodToPlace, b: PodToPlace): number {
  return (
    Number(isBufferPod(a.pod)) - Number(isBufferPod(b.pod)) ||
    (b.requests["cpu"] ?? 0) - (a.requests["cpu"] ?? 0) ||
    (b.requests["memory"] ?? 0) - (a.requests["memory"] ?? 0) ||
    compareText(a.pod.metadata.creationTimestamp ?? "", b.pod.metadata.creationTimestamp ?? "") ||
    compareText(a.pod.metadata.uid ?? "", b.pod.metadata.uid ?? "") ||
    compareText(podKey(a.pod), podKey(b.pod))
  );
}
