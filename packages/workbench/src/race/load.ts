// What the race runs on: three NodePools whose nodes leave for different reasons, and workloads that must not notice.

import { Annotation, type KubeObject } from "@karpenter-multicloud/core/api";
import { deployment, disruptionBudget, nodePool, pod } from "../e2e-real/objects.ts";
import { FIXED, FORCED, LATE, type FixedLoad } from "./replay.ts";

/** Nodes drift; one pod fills one node. */
export const ROLL = { name: "roll", milliCpu: 1000 } as const;
/** Pods come and go, nodes become empty. */
export const EBB = { name: "ebb", milliCpu: 1000 } as const;
/** Passing pods leave nodes behind that are dearer than need be. */
export const PACK = { name: "pack", milliCpu: 700 } as const;

/** Comes and goes among the packed pods, so that what stays of it can be packed better. */
export const BREATH = "breath";

export const GUARDED = "guarded";

export interface Load {
  readonly objects: readonly KubeObject[];
  readonly fixed: ReadonlyMap<string, FixedLoad>;
  /** Most of the race's own pods at once. */
  readonly passing: number;
  /** Most replicas of the workload that comes and goes. */
  readonly ebb: number;
  /** Most replicas of the one that does so among packed pods. */
  readonly breath: number;
  /** Of the workload under a PodDisruptionBudget with maxUnavailable 1. */
  readonly guarded: number;
}

export function loadFor(nodes: number): Load {
  // Drifted nodes take the longest, and empty ones are the easy ones: of these there are few, or the others are hardly seen.
  const rolling = Math.max(2, Math.floor(0.45 * nodes));
  const guarded = Math.max(1, Math.floor(rolling / 3));
  const roll = rolling - guarded;
  const pack = 2 * Math.max(2, Math.floor(nodes / 3));
  const ebb = Math.ceil(nodes / 8) + 1;
  return {
    passing: Math.max(6, Math.floor(nodes / 2)),
    ebb,
    breath: pack,
    guarded,
    fixed: new Map([
      [ROLL.name, { pods: rolling, milliCpu: ROLL.milliCpu }],
      [PACK.name, { pods: pack, milliCpu: PACK.milliCpu }],
    ]),
    objects: [
      nodePool({ ...pool(ROLL), labels: { "race.example.com/edition": "0" } }),
      nodePool(pool(EBB)),
      nodePool({ ...pool(PACK), types: ["b3-8", "b3-16"], consolidationPolicy: "WhenEmptyOrUnderutilized" }),
      disruptionBudget(GUARDED, { maxUnavailable: 1 }),
      deployment({ ...workload("steady", ROLL), replicas: roll }),
      deployment({ ...workload(GUARDED, ROLL), replicas: guarded }),
      deployment({ ...workload("packed", PACK), replicas: pack }),
      deployment({ name: BREATH, pool: PACK.name, cpu: cpuOf(PACK), labels: { [LATE]: "yes" }, replicas: 0 }),
      deployment({ name: EBB.name, pool: EBB.name, cpu: cpuOf(EBB), replicas: ebb }),
    ],
  };
}

/** A pod of the race's own, which nobody creates again. */
export function passingPod(name: string, { name: where, milliCpu }: Place, isProtected: boolean): KubeObject {
  const annotations = isProtected ? { [Annotation.DoNotDisrupt]: "true" } : {};
  return pod({ name, pool: where, cpu: `${milliCpu}m`, labels: { [LATE]: "yes" }, annotations });
}

/** Bound to that node at once, whatever taints it has. */
export function forcedPod(name: string, { name: where, milliCpu }: Place, node: string): KubeObject {
  const labels = { [LATE]: "yes", [FORCED]: "yes" };
  return pod({ name, pool: where, cpu: `${milliCpu}m`, labels, spec: { nodeName: node } });
}

/** Bound to a node that still starts, and fills it. */
export function takerPod(name: string, { name: where, milliCpu }: Place, node: string): KubeObject {
  const spec = { nodeName: node, tolerations: [{ operator: "Exists" }] };
  return pod({ name, pool: where, cpu: `${milliCpu}m`, labels: { [LATE]: "yes", [FORCED]: "yes" }, spec });
}

export const PLACES = [ROLL, EBB, PACK] as const;
export type Place = (typeof PLACES)[number];

function pool({ name }: Place) {
  return { name, consolidateAfter: "20s" };
}

function workload(name: string, where: Place) {
  return { name, pool: where.name, cpu: cpuOf(where), labels: { [FIXED]: "yes" } };
}

function cpuOf({ milliCpu }: Place): string {
  return `${milliCpu}m`;
}
