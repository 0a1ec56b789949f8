// The cluster of the consolidate bench, in the JSON form that Karpenter can be asked in too: N machines three fifths full, all of which may go.

import { CapacityType, Label } from "@karpenter-multicloud/core/api";
import type { Pod } from "@karpenter-multicloud/core/api";
import { aNodeInput, aPoolInput, ascendingTypes } from "@karpenter-multicloud/core/testing";
import { scenarioOf } from "../schedule/scenario-of.ts";
import { BENCH_ZONES, benchProblem, ENDLESS } from "../schedule/workloads/cluster.ts";
import { genericPod, hostSpreadPod, zoneSpreadPod } from "../schedule/workloads/pods.ts";
import type { PodMaker } from "../schedule/workloads/pods.ts";
import { seededRandom } from "../schedule/workloads/random.ts";
import type { Random } from "../schedule/workloads/random.ts";

const TYPES = 400;
/** Of the type with eight cores. */
const MACHINE = { type: "fake-it-7", allocatable: { cpu: "7900m", memory: "16374Mi", pods: "80" } } as const;
/** Four pods of this size are three fifths of it. */
const SIZE = { cpu: "1185m", memory: "2456Mi" } as const;
/** Most pods of real clusters are plain; the others keep the rules about places at work. */
const KINDS: readonly PodMaker[] = [genericPod, genericPod, zoneSpreadPod, hostSpreadPod];

export function consolidateScenario(nodes: number): object {
  const random = seededRandom();
  const pool = aPoolInput({
    instanceTypes: ascendingTypes(TYPES),
    limits: ENDLESS,
    disruption: { budgets: [{ nodes: "100%" }] },
  });
  const problem = benchProblem({
    nodePools: [pool],
    nodes: Array.from({ length: nodes }, (_, index) => machine(index, random)),
  });
  return { ...scenarioOf(problem, { name: `consolidate-${nodes}` }), action: "disrupt", method: "multi" };
}

function machine(index: number, random: Random) {
  const name = `node-${String(index).padStart(6, "0")}`;
  return aNodeInput({
    name,
    labels: {
      [Label.NodePool]: "default",
      [Label.InstanceType]: MACHINE.type,
      [Label.Zone]: BENCH_ZONES[index % BENCH_ZONES.length] ?? BENCH_ZONES[0],
      [Label.CapacityType]: CapacityType.OnDemand,
    },
    capacity: { cpu: "8", memory: "16Gi", pods: "80" },
    allocatable: MACHINE.allocatable,
    pods: KINDS.map((make, each) => running(make(`${name}-${each}`, random), name)),
  });
}

function running(pod: Pod, nodeName: string): Pod {
  const containers = pod.spec.containers.map((container) => ({ ...container, resources: { requests: SIZE } }));
  return { ...pod, spec: { ...pod.spec, nodeName, containers }, status: { phase: "Running" } };
}
