// What the race runs on: NodePools whose nodes leave for different reasons, and workloads that must not notice.

import { Annotation, type KubeObject } from "@karpenter-multicloud/core/api";
import { deployment, disruptionBudget, nodePool, pod } from "../e2e-real/objects.ts";
import type { RepairTerms } from "./departures.ts";
import { FIXED, FORCED, LATE, type FixedLoad } from "./replay.ts";

/** Nodes drift; one pod fills one node. */
export const ROLL = { name: "roll", milliCpu: 1000 } as const;
/** Pods come and go, nodes become empty. */
export const EBB = { name: "ebb", milliCpu: 1000 } as const;
/** Passing pods leave nodes behind that are dearer than need be. */
export const PACK = { name: "pack", milliCpu: 700 } as const;

/** Nodes expire; they get no replacement before. */
export const AGE = { name: "age", milliCpu: 1000 } as const;
/** Nodes expire; a replacement is there before. */
export const RENEW = { name: "renew", milliCpu: 1000 } as const;
/** Nodes get sick and are repaired by force. */
export const SICK = { name: "sick", milliCpu: 1000 } as const;
/** Nodes get sick, and their pods have a place before they are repaired. */
export const HEAL = { name: "heal", milliCpu: 1000 } as const;
/** Nodes have a grace period, pods that nobody may evict, and are deleted by hand. */
export const END = { name: "end", milliCpu: 1000 } as const;

/** Real seconds. */
const EXPIRE_AFTER = 40;
const RENEWED_EXPIRE_AFTER = 80;
const RENEW_BEFORE = 40;
const TOLERATED = 10;
const GRACE = 20;
const MOST_SICK = 2;

const GUEST_MILLI_CPU = 300;

/** Comes and goes among the packed pods, so that what stays of it can be packed better. */
export const BREATH = "breath";

export const GUARDED = "guarded";
/** Label of protected pods that are always there. */
export const PRECIOUS = "precious";
/** No eviction of its pods is ever allowed. */
export const STUBBORN = "stubborn";

export interface Load {
  readonly objects: readonly KubeObject[];
  /** By NodePool: those whose nodes never go without room for their pods. */
  readonly fixed: ReadonlyMap<string, FixedLoad>;
  /** Pods that must run in the end, of all NodePools. */
  readonly wanted: number;
  /** By NodePool. */
  readonly repairs: ReadonlyMap<string, RepairTerms>;
  /** Most pods at once that come and go where nodes leave for other reasons than disruption. */
  readonly guests: number;
  /** Most of the race's own pods at once. */
  readonly passing: number;
  /** Most replicas of the workload that comes and goes. */
  readonly ebb: number;
  /** Most replicas of the one that does so among packed pods. */
  readonly breath: number;
  /** Of the workload under a PodDisruptionBudget with maxUnavailable 1. */
  readonly guarded: number;
}

export function loadFor(nodes: number, timeScale: number): Load {
  const calm = calmLoad(nodes);
  const each = Math.max(2, Math.floor(nodes / 8));
  return {
    ...calm,
    wanted: [...calm.fixed.values()].reduce((sum, { pods }) => sum + pods, 0) + LEAVERS.length * each,
    guests: 3 * each,
    fixed: new Map([
      ...calm.fixed,
      [RENEW.name, { pods: each, milliCpu: RENEW.milliCpu }],
      [HEAL.name, { pods: each, milliCpu: HEAL.milliCpu }],
    ]),
    repairs: new Map(
      [SICK, HEAL].map(({ name }) => [
        name,
        { toleratedMs: TOLERATED * 1000, mostSick: MOST_SICK, replaceFirst: name === HEAL.name },
      ]),
    ),
    objects: [...calm.objects, ...leavers(each, timeScale)],
  };
}

/** NodePools whose nodes go whatever runs on them, or would. */
function leavers(each: number, timeScale: number): readonly KubeObject[] {
  const stubborn = Math.ceil(each / 2);
  const scaled = (realSeconds: number): string => `${realSeconds * timeScale}s`;
  const repair = {
    [Annotation.RepairTolerations]: `Ready=${scaled(TOLERATED)}`,
    [Annotation.RepairThreshold]: String(MOST_SICK),
  };
  const renewal = { [Annotation.ReplaceBeforeExpiry]: scaled(RENEW_BEFORE) };
  return [
    nodePool({ ...pool(AGE), template: { expireAfter: scaled(EXPIRE_AFTER) } }),
    nodePool({ ...pool(RENEW), template: { expireAfter: scaled(RENEWED_EXPIRE_AFTER) }, annotations: renewal }),
    nodePool({ ...pool(SICK), annotations: repair }),
    nodePool({ ...pool(HEAL), annotations: { ...repair, [Annotation.RepairMode]: "replaceFirst" } }),
    nodePool({ ...pool(END), template: { terminationGracePeriod: scaled(GRACE) } }),
    disruptionBudget(STUBBORN, { maxUnavailable: 0 }),
    ...[AGE, RENEW, SICK, HEAL].map((place) => deployment({ ...workload(place.name, place), replicas: each })),
    ...[SICK, END].map((place) => deployment({ ...precious(place), replicas: stubborn })),
    deployment({ ...workload(STUBBORN, END), replicas: stubborn }),
    deployment({ ...workload(END.name, END), replicas: each - stubborn }),
  ];
}

/** Protected pods on nodes that go by force or have a deadline: nobody but these two ends them. */
function precious({ name }: Place) {
  const annotations = { [Annotation.DoNotDisrupt]: "true" };
  return {
    name: `${PRECIOUS}-${name}`,
    pool: name,
    cpu: `${GUEST_MILLI_CPU}m`,
    annotations,
    labels: { [PRECIOUS]: "yes" },
  };
}

function calmLoad(nodes: number): Omit<Load, "wanted" | "repairs" | "guests"> {
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

/** Beside a fixed pod, where pods need not be of one size to be judged. */
export function guestPod(name: string, place: Place, isProtected: boolean): KubeObject {
  const milliCpu = place === RENEW || place === HEAL ? place.milliCpu : GUEST_MILLI_CPU;
  return passingPod(name, { name: place.name, milliCpu }, isProtected);
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
export const LEAVERS = [AGE, RENEW, SICK, HEAL, END] as const;

export interface Place {
  readonly name: string;
  /** Of each of its pods. */
  readonly milliCpu: number;
}

function pool({ name }: Place) {
  return { name, consolidateAfter: "20s" };
}

function workload(name: string, where: Place) {
  return { name, pool: where.name, cpu: cpuOf(where), labels: { [FIXED]: "yes" } };
}

function cpuOf({ milliCpu }: Place): string {
  return `${milliCpu}m`;
}
