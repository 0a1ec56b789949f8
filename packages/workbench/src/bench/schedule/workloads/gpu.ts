// gpu: every twentieth pod asks for GPUs, which a tainted pool of its own sells (S-907).

import type { Pod } from "@karpenter-multicloud/core/api";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import { anInstanceType, anOffering, aPod, aPoolInput, ascendingTypes } from "@karpenter-multicloud/core/testing";
import { BENCH_ZONES, benchProblem, ENDLESS } from "./cluster.ts";
import { genericPod, podName } from "./pods.ts";
import { seededRandom } from "./random.ts";
import type { Random } from "./random.ts";
import type { Workload } from "./workload.ts";

export const GPU = "nvidia.com/gpu";
const EVERY = 20;
const GPUS_PER_MACHINE = [1, 2, 4, 8] as const;
const GPUS_PER_POD = [1, 2, 4] as const;
const PLAIN_TYPES = 200;

export const gpu: Workload = {
  name: "gpu",
  about: "plain pods and 5 % that ask for 1, 2 or 4 GPUs of a tainted pool",
  unit: "pending pods",
  sizes: [1000, 5000],
  quickSizes: [200],
  places: "every pod",
  problems: (size) => {
    const random = seededRandom();
    const pods = Array.from({ length: size }, (_, index) => {
      const maker = index % EVERY === EVERY - 1 ? gpuPod : genericPod;
      return maker(podName(index), random);
    });
    const nodePools = [
      aPoolInput({ instanceTypes: ascendingTypes(PLAIN_TYPES), limits: ENDLESS }),
      aPoolInput({
        name: "gpu",
        taints: [{ key: GPU, value: "present", effect: "NoSchedule" }],
        instanceTypes: GPUS_PER_MACHINE.map(gpuType),
        limits: ENDLESS,
      }),
    ];
    return [benchProblem({ pods, nodePools })];
  },
};

function gpuPod(name: string, random: Random): Pod {
  const count = String(random.pick(GPUS_PER_POD));
  const pod = aPod({ name, tolerations: [{ key: GPU, operator: "Exists", effect: "NoSchedule" }] });
  const resources = { requests: { cpu: "2", memory: "8Gi", [GPU]: count }, limits: { [GPU]: count } };
  return { ...pod, spec: { ...pod.spec, containers: [{ name: "main", resources }] } };
}

function gpuType(gpus: number): InstanceType {
  return anInstanceType({
    name: `gpu-${gpus}`,
    cpu: String(8 * gpus),
    memory: `${32 * gpus}Gi`,
    capacity: { [GPU]: String(gpus) },
    kubeReserved: { cpu: "100m", memory: "10Mi" },
    offerings: BENCH_ZONES.map((zone) => anOffering({ zone, price: 2 * gpus })),
  });
}
