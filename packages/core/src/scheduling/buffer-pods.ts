// Pods that stand for spare capacity and exist in no cluster: they take room in a plan and nobody is told of them (S-208, K-16).

import { Annotation } from "../api/index.ts";
import type { ObjectMeta, Pod, PodSpec, PodTemplate } from "../api/index.ts";
import { withLimitsAsRequests } from "./daemonsets.ts";

/** Lower than any pod that runs: whatever is real is placed first (K-16). */
const PRIORITY = -2_147_483_648;

export function isBufferPod({ metadata }: Pick<Pod, "metadata">): boolean {
  return metadata.annotations?.[Annotation.CapacityBufferFakePod] === "true";
}

/** The pods of one buffer; each has the same UID whenever it is made again. */
export function bufferPods(buffer: ObjectMeta, template: PodTemplate, count: number): readonly Pod[] {
  const { name = "", namespace = "", uid = "", creationTimestamp } = buffer;
  const spec = bufferPodSpec(template.spec);
  const annotations = {
    ...template.metadata?.annotations,
    [Annotation.CapacityBufferFakePod]: "true",
    [Annotation.CapacityBufferName]: name,
    [Annotation.CapacityBufferNamespace]: namespace,
  };
  return Array.from({ length: count }, (_, index): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${name}-${index}`,
      namespace,
      uid: `${uid}-${index}`,
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...(template.metadata?.labels && { labels: template.metadata.labels }),
      annotations,
    },
    spec,
  }));
}

/** What the server makes of a template only when a pod is created from it is done here: requests that only limits name (CB-2). */
export function bufferPodSpec(spec: PodSpec): PodSpec {
  const { nodeName: _, priorityClassName: __, schedulingGates: ___, volumes, ...rest } = withLimitsAsRequests(spec);
  // The claim of an ephemeral volume is made together with its pod, so here there is none to look up.
  const lasting = volumes?.filter((volume) => volume["ephemeral"] === undefined);
  return { ...rest, priority: PRIORITY, ...(lasting && { volumes: lasting }) };
}
