// manypools: 50 tainted pools that all sell the same 200 types in three zones; nine pods of ten tolerate one team's taint, one all (S-907).

import type { Toleration } from "@karpenter-multicloud/core/api";
import { aPoolInput, ascendingTypes } from "@karpenter-multicloud/core/testing";
import { benchProblem, ENDLESS } from "./cluster.ts";
import { drawnLabel, podName, randomPod } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Workload } from "./workload.ts";

const POOLS = 50;
const TYPES_PER_POOL = 200;
const TAINT = "example.com/team";

export const manypools: Workload = {
  name: "manypools",
  about: "50 tainted pools of 200 types in three zones, pods that tolerate one of them or all",
  unit: "pending pods",
  sizes: [1000, 5000],
  quickSizes: [100],
  places: "every pod",
  problems: (size) => {
    const random = seededRandom();
    const instanceTypes = ascendingTypes(TYPES_PER_POOL);
    const nodePools = Array.from({ length: POOLS }, (_, index) =>
      aPoolInput({ name: teamName(index), taints: [taintOf(index)], instanceTypes, limits: ENDLESS }),
    );
    const pods = Array.from({ length: size }, (_, index) => {
      const tolerations = [index % 10 === 9 ? ANY_TEAM : tolerationOf(random.below(POOLS))];
      return randomPod(random, { name: podName(index), labels: drawnLabel(random), tolerations });
    });
    return [benchProblem({ pods, nodePools })];
  },
};

const ANY_TEAM: Toleration = { key: TAINT, operator: "Exists" };

function taintOf(team: number) {
  return { key: TAINT, value: teamName(team), effect: "NoSchedule" } as const;
}

function tolerationOf(team: number): Toleration {
  return { key: TAINT, operator: "Equal", value: teamName(team), effect: "NoSchedule" };
}

function teamName(team: number): string {
  return `team-${String(team).padStart(2, "0")}`;
}
