// diverse(n): a fifth each of plain pods, zone spread, hostname spread, zone affinity to itself and hostname anti-affinity (S-903).

import type { Pod } from "@karpenter-multicloud/core/api";
import { benchProblem } from "./cluster.ts";
import { genericPod, hostApartPod, hostSpreadPod, podName, zoneSpreadPod, zoneTogetherPod } from "./pods.ts";
import type { PodMaker } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Workload } from "./workload.ts";

const KINDS: readonly PodMaker[] = [genericPod, zoneSpreadPod, hostSpreadPod, zoneTogetherPod, hostApartPod];

export const diverse: Workload = {
  name: "diverse",
  about: "a fifth each of plain pods, zone spread, hostname spread, zone affinity and hostname anti-affinity",
  unit: "pending pods",
  sizes: [1, 50, 100, 500, 1000, 2000, 5000, 10_000, 20_000],
  quickSizes: [100, 500],
  places: "every pod",
  problems: (size) => [benchProblem({ pods: diversePods(size, seededRandom()) })],
};

export function diversePods(count: number, random: Random): readonly Pod[] {
  return Array.from({ length: count }, (_, index) => diverseMaker(index, count)(podName(index), random));
}

/** Which kind of pod stands at a place of the mix: five blocks, and plain pods for what five does not divide. */
export function diverseMaker(index: number, count: number): PodMaker {
  return KINDS[Math.floor(index / Math.floor(count / KINDS.length))] ?? genericPod;
}
