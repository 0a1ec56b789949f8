// Pods that stand for spare capacity and exist in no cluster: they take room in a plan and nobody is told of them (S-208, K-16).

import { Annotation } from "../api/index.ts";
import type { Pod } from "../api/index.ts";

export function isBufferPod({ metadata }: Pick<Pod, "metadata">): boolean {
  return metadata.annotations?.[Annotation.CapacityBufferFakePod] === "true";
}
