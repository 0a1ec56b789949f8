// existing(N, n): N running nodes, 60 % full, and a diverse batch that finds most of its room there (S-907).

import { CapacityType, Label } from "@karpenter-multicloud/core/api";
import type { NodeInput } from "@karpenter-multicloud/core/scheduling";
import { aNodeInput, aPod } from "@karpenter-multicloud/core/testing";
import { BENCH_ZONES, benchProblem } from "./cluster.ts";
import { diversePods } from "./diverse.ts";
import { drawnLabel } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Workload } from "./workload.ts";

const PENDING = 1000;
const PENDING_WHEN_SMALL = 100;
const SMALL = 500;
const PODS_PER_NODE = 4;
/** Four of them are 60 % of what the node offers. */
const RUNNING = { cpu: "1185m", memory: "2456Mi" } as const;
const ALLOCATABLE = { cpu: "7900m", memory: "16374Mi", pods: "80" } as const;

export const existing: Workload = {
  name: "existing",
  about: "running nodes 60 % full and 1,000 diverse pods (100 below 500 nodes)",
  unit: "existing nodes",
  sizes: [1000, 5000, 10_000],
  quickSizes: [100],
  places: "every pod",
  problems: (size) => {
    const random = seededRandom();
    const pods = diversePods(size < SMALL ? PENDING_WHEN_SMALL : PENDING, random);
    const nodes = Array.from({ length: size }, (_, index) => runningNode(index, random));
    return [benchProblem({ pods, nodes })];
  },
};

/** Of the type with eight cores. */
function runningNode(index: number, random: Random): NodeInput {
  const name = `node-${String(index).padStart(6, "0")}`;
  const zone = BENCH_ZONES[index % BENCH_ZONES.length] ?? BENCH_ZONES[0];
  const pods = Array.from({ length: PODS_PER_NODE }, (_, each) =>
    aPod({ name: `${name}-${each}`, labels: drawnLabel(random), requests: RUNNING, nodeName: name }),
  );
  return aNodeInput({
    name,
    labels: {
      [Label.InstanceType]: "fake-it-7",
      [Label.Zone]: zone,
      [Label.CapacityType]: CapacityType.OnDemand,
      size: "large",
      special: "optional",
      integer: "8",
    },
    capacity: { cpu: "8", memory: "16Gi", pods: "80" },
    allocatable: ALLOCATABLE,
    pods,
  });
}
