// hostspread(n): 20 workloads, each spread over hosts with maxSkew 1 (S-907).

import { Label } from "@karpenter-multicloud/core/api";
import { benchProblem } from "./cluster.ts";
import { podName, randomPod, strictSpread } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Workload } from "./workload.ts";

const WORKLOADS = 20;

export const hostspread: Workload = {
  name: "hostspread",
  about: "20 workloads spread over hosts with maxSkew 1",
  unit: "pending pods",
  sizes: [1000, 10_000],
  quickSizes: [200],
  places: "every pod",
  problems: (size) => {
    const random = seededRandom();
    const pods = Array.from({ length: size }, (_, index) => {
      const labels = { app: `workload-${index % WORKLOADS}` };
      return randomPod(random, { name: podName(index), labels, spec: strictSpread(Label.Hostname, labels) });
    });
    return [benchProblem({ pods })];
  },
};
