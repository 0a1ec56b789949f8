// unschedulable(n): pods whose selector nothing meets, each with four preferences that are given up one by one first (S-907).

import { Label } from "@karpenter-multicloud/core/api";
import type { PodSpec } from "@karpenter-multicloud/core/api";
import { BENCH_ZONES, benchProblem } from "./cluster.ts";
import { drawnLabel, podName, randomPod } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Workload } from "./workload.ts";

const PREFERENCES = 4;
const NOWHERE = { [Label.Zone]: "test-zone-9" } as const;

export const unschedulable: Workload = {
  name: "unschedulable",
  about: "pods that ask for a zone nobody has, with four preferences each",
  unit: "pending pods",
  sizes: [1000, 10_000],
  quickSizes: [200],
  places: "no pod",
  problems: (size) => {
    const random = seededRandom();
    const pods = Array.from({ length: size }, (_, index) =>
      randomPod(random, {
        name: podName(index),
        labels: drawnLabel(random),
        nodeSelector: NOWHERE,
        spec: fourPreferences(random),
      }),
    );
    return [benchProblem({ pods })];
  },
};

function fourPreferences(random: Random): Partial<PodSpec> {
  const preferred = Array.from({ length: PREFERENCES }, (_, index) => ({
    weight: index + 1,
    preference: { matchExpressions: [{ key: Label.Zone, operator: "In", values: [random.pick(BENCH_ZONES)] }] },
  }));
  return { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } };
}
