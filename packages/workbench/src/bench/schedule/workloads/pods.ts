// The pods that workloads are mixed from: sizes and labels drawn as S-902 has them, one maker per kind of constraint (S-903).

import { Label } from "@karpenter-multicloud/core/api";
import type { Pod, PodSpec } from "@karpenter-multicloud/core/api";
import { aPod } from "@karpenter-multicloud/core/testing";
import type { PodOptions } from "@karpenter-multicloud/core/testing";
import type { Random } from "./random.ts";

export const CPU_CHOICES = ["100m", "250m", "500m", "1", "1500m"] as const;
export const MEMORY_CHOICES = ["100Mi", "256Mi", "512Mi", "1Gi", "2Gi", "4Gi"] as const;
export const LABEL_CHOICES = ["a", "b", "c", "d", "e", "f", "g"] as const;

export const MIXED_LABEL = "my-label";
/** Spelt like this in the benchmark it is taken from. */
export const TOGETHER_LABEL = "my-affininity";
export const APART_LABELS = { app: "nginx" } as const;

export type PodMaker = (name: string, random: Random) => Pod;

/** Names that sort as they count. */
export function podName(index: number): string {
  return `pod-${String(index).padStart(6, "0")}`;
}

export function drawnRequests(random: Random): { readonly cpu: string; readonly memory: string } {
  return { cpu: random.pick(CPU_CHOICES), memory: random.pick(MEMORY_CHOICES) };
}

export function randomPod(random: Random, options: PodOptions): Pod {
  return aPod({ requests: drawnRequests(random), ...options });
}

export function drawnLabel(random: Random): Readonly<Record<string, string>> {
  return { [MIXED_LABEL]: random.pick(LABEL_CHOICES) };
}

export const genericPod: PodMaker = (name, random) => randomPod(random, { name, labels: drawnLabel(random) });

export const zoneSpreadPod: PodMaker = (name, random) => spreadPod(name, random, Label.Zone);

export const hostSpreadPod: PodMaker = (name, random) => spreadPod(name, random, Label.Hostname);

export const zoneTogetherPod: PodMaker = (name, random) => {
  const labels = { [TOGETHER_LABEL]: random.pick(LABEL_CHOICES) };
  const term = { topologyKey: Label.Zone, labelSelector: { matchLabels: labels } };
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  return randomPod(random, { name, labels, spec: { affinity } });
};

export const hostApartPod: PodMaker = (name, random) => {
  const term = { topologyKey: Label.Hostname, labelSelector: { matchLabels: APART_LABELS } };
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  return randomPod(random, { name, labels: APART_LABELS, spec: { affinity } });
};

/** Counts pods of a label drawn apart from its own, so that most do not count themselves. */
function spreadPod(name: string, random: Random, topologyKey: string): Pod {
  const labels = drawnLabel(random);
  return randomPod(random, { name, labels, spec: strictSpread(topologyKey, drawnLabel(random)) });
}

/** DoNotSchedule with maxSkew 1. */
export function strictSpread(topologyKey: string, counted: Readonly<Record<string, string>>): Partial<PodSpec> {
  return {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: counted } },
    ],
  };
}
