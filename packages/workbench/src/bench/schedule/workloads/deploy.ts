// deploy(k, m): k workloads of m identical replicas, what most clusters have waiting; 50 replicas each (S-907).

import type { Pod } from "@karpenter-multicloud/core/api";
import { aPod } from "@karpenter-multicloud/core/testing";
import { benchProblem } from "./cluster.ts";
import { drawnRequests } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Workload } from "./workload.ts";

const REPLICAS = 50;

export const deploy: Workload = {
  name: "deploy",
  about: "workloads of 50 identical replicas each, 200 of them at 10,000 pods",
  unit: "pending pods",
  sizes: [1000, 10_000],
  quickSizes: [500],
  places: "every pod",
  problems: (size) => {
    const random = seededRandom();
    const workloads = Array.from({ length: Math.ceil(size / REPLICAS) }, (_, index) => replicasOf(index, random));
    return [benchProblem({ pods: workloads.flat().slice(0, size) })];
  },
};

function replicasOf(workload: number, random: Random): readonly Pod[] {
  const app = `app-${String(workload).padStart(4, "0")}`;
  const requests = drawnRequests(random);
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: app, uid: `default/${app}`, controller: true };
  return Array.from({ length: REPLICAS }, (_, index) =>
    aPod({ name: `${app}-${String(index).padStart(2, "0")}`, labels: { app }, requests, owner }),
  );
}
