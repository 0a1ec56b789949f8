// Plays the API server's history again, write by write, and says where a node was taken from pods that had no other place.

import {
  Annotation,
  DISRUPTED_TAINT,
  getCondition,
  hasTaint,
  isConditionTrue,
  Label,
  type Node,
  type NodeClaim,
  type Pod,
} from "@karpenter-multicloud/core/api";
import { parseQuantity } from "@karpenter-multicloud/core/units";
import type { Change } from "./history.ts";

/** Pods of a NodePool that must always have a place, all of one size. */
export interface FixedLoad {
  readonly pods: number;
  readonly milliCpu: number;
}

export interface ReplayInput {
  readonly changes: readonly Change[];
  /** By NodePool. */
  readonly fixed: ReadonlyMap<string, FixedLoad>;
  /** Names of the pods that the race itself deleted. */
  readonly deletedByUs: ReadonlySet<string>;
}

export interface Finding {
  readonly rule: "capacity" | "empty" | "late" | "protected" | "evicted";
  readonly text: string;
}

export interface Replay {
  readonly findings: readonly Finding[];
  /** Nodes taken away, by reason. */
  readonly removed: ReadonlyMap<string, number>;
  readonly evicted: number;
  readonly mostNodes: number;
  /** Pods that were bound between the mark of a node and its release or end: the race as such. */
  readonly boundWhileMarked: number;
  readonly claims: number;
  /** Nodes whose pods had to wait for a machine because passing pods took the room that was meant for them. */
  readonly roomTaken: number;
}

/** Pods that come and go at random; a node's load is what it had without those that came after another node was marked. */
export const LATE = "race.example.com/late";
/** Bound by the race itself to a node that has just been marked, as a scheduler whose view lags behind would. */
export const FORCED = "race.example.com/forced";
export const FIXED = "race.example.com/fixed";

/** Planning takes a moment, and what it planned onto may be taken by a pod that passed meanwhile: nobody can keep room in Kubernetes. */
const PLAN_MS = 10_000;
/** No scheduler's view lags further behind than the product waits; whoever is bound later did not race. */
const LAG_MS = 1500;

export function replay(input: ReplayInput): Replay {
  const world = new World(input);
  for (const change of input.changes) world.apply(change);
  const { findings, removed, evicted, mostNodes, boundWhileMarked, claims, roomTaken } = world;
  return { findings, removed, evicted: evicted.size, mostNodes, boundWhileMarked, claims: claims.size, roomTaken };
}

class World {
  readonly findings: Finding[] = [];
  readonly removed = new Map<string, number>();
  readonly evicted = new Set<string>();
  readonly claims = new Set<string>();
  mostNodes = 0;
  boundWhileMarked = 0;
  roomTaken = 0;
  readonly #input: ReplayInput;
  readonly #pods = new Map<string, Pod>();
  readonly #nodes = new Map<string, Node>();
  readonly #nodeClaims = new Map<string, NodeClaim>();
  readonly #boundAt = new Map<string, number>();
  readonly #markedAt = new Map<string, number>();
  readonly #outOfRace = new Set<string>();
  /** Their claims are deleted. */
  readonly #leaving = new Set<string>();

  constructor(input: ReplayInput) {
    this.#input = input;
  }

  apply(change: Change): void {
    if (change.resource === "Pod") this.#pod(change, change.object as Pod);
    if (change.resource === "Node") this.#node(change, change.object);
    if (change.resource === "NodeClaim") this.#claim(change, change.object as NodeClaim);
  }

  #pod(change: Change, pod: Pod): void {
    const { type } = change;
    const uid = pod.metadata.uid ?? "";
    const before = this.#pods.get(uid);
    if (type === "DELETED") this.#pods.delete(uid);
    else this.#pods.set(uid, pod);
    const { nodeName } = pod.spec;
    if (nodeName && !before?.spec.nodeName) this.#bound(change, pod, nodeName);
    if (pod.metadata.deletionTimestamp && !before?.metadata.deletionTimestamp) this.#ends(uid, pod);
  }

  #bound({ at }: Change, pod: Pod, node: string): void {
    const uid = pod.metadata.uid ?? "";
    this.#boundAt.set(uid, at);
    const marked = this.#markedAt.get(node);
    const isForced = pod.metadata.labels?.[FORCED] !== undefined;
    if (isForced && (marked === undefined || at - marked > LAG_MS)) this.#outOfRace.add(uid);
    else if (this.#leaving.has(node)) {
      this.#find("late", `${nameOf(pod)} was bound to ${node} after the node had been given up`);
    } else if (marked !== undefined) this.boundWhileMarked++;
  }

  #ends(uid: string, pod: Pod): void {
    const ours = this.#input.deletedByUs.has(pod.metadata.name ?? "");
    if (!ours && pod.metadata.annotations?.[Annotation.DoNotDisrupt] === "true") {
      this.#find("protected", `${nameOf(pod)} on ${pod.spec.nodeName} is protected and was ended`);
    }
    if (getCondition(pod, "DisruptionTarget")?.status !== "True") return;
    this.evicted.add(uid);
    const { nodeName = "" } = pod.spec;
    if (!this.#leaving.has(nodeName) && !this.#nodes.get(nodeName)?.metadata.deletionTimestamp) {
      this.#find("evicted", `${nameOf(pod)} was evicted from ${nodeName}, which stays`);
    }
  }

  #node({ type, at }: Change, node: Node): void {
    const name = node.metadata.name ?? "";
    if (type === "DELETED") {
      this.#nodes.delete(name);
      this.#markedAt.delete(name);
      return;
    }
    this.#nodes.set(name, node);
    if (!hasTaint(node.spec?.taints, DISRUPTED_TAINT)) this.#markedAt.delete(name);
    else if (!this.#markedAt.has(name)) this.#markedAt.set(name, at);
    this.mostNodes = Math.max(this.mostNodes, this.#nodes.size);
  }

  #claim({ type }: Change, claim: NodeClaim): void {
    const name = claim.metadata.name ?? "";
    const before = this.#nodeClaims.get(name);
    this.claims.add(claim.metadata.uid ?? name);
    if (type === "DELETED") this.#nodeClaims.delete(name);
    else this.#nodeClaims.set(name, claim);
    if (!claim.metadata.deletionTimestamp || before?.metadata.deletionTimestamp) return;
    const node = claim.status?.nodeName ?? "";
    this.#leaving.add(node);
    if (!isConditionTrue(claim, "DisruptionReason")) return;
    const reason = getCondition(claim, "DisruptionReason")?.reason ?? "";
    this.removed.set(reason, (this.removed.get(reason) ?? 0) + 1);
    this.#judge(node, reason, claim.metadata.labels?.[Label.NodePool] ?? "");
  }

  #judge(node: string, reason: string, pool: string): void {
    const there = this.#on(node).filter((pod) => isActive(pod) && !this.#outOfRace.has(pod.metadata.uid ?? ""));
    if (reason === "Empty") {
      if (there.length === 0) return;
      return this.#find("empty", `${node} was given up as empty with ${there.map(nameOf).join(", ")} on it`);
    }
    const load = this.#input.fixed.get(pool);
    if (!load) return;
    const needed = this.#homeless(pool, load);
    if (needed <= this.#room(pool, load.milliCpu, Number.POSITIVE_INFINITY)) return;
    const room = this.#room(pool, load.milliCpu, (this.#markedAt.get(node) ?? 0) - PLAN_MS);
    if (needed <= room) {
      this.roomTaken++;
      console.error("ROOMTAKEN", node, reason, needed, this.#room(pool, load.milliCpu, Number.POSITIVE_INFINITY), "marked", this.#markedAt.get(node));
    }
    if (needed <= room) return;
    this.#find("capacity", `${node} (${reason}) was given up while ${needed} pods of ${pool} had room for ${room}`);
  }

  /** Pods that have to find another place: what fixed ones lack, and others on nodes that leave. */
  #homeless(pool: string, { pods }: FixedLoad): number {
    const all = [...this.#pods.values()].filter((pod) => isActive(pod) && poolOf(pod) === pool);
    const settled = all.filter((pod) => isFixed(pod) && pod.spec.nodeName && !this.#leaving.has(pod.spec.nodeName));
    const others = all.filter(
      (pod) =>
        !isFixed(pod) &&
        !isProtected(pod) &&
        !this.#outOfRace.has(pod.metadata.uid ?? "") &&
        this.#leaving.has(pod.spec.nodeName ?? ""),
    );
    return pods - settled.length + others.length;
  }

  #room(pool: string, milliCpu: number, since: number): number {
    let room = 0;
    for (const [name, node] of this.#nodes) {
      if (node.metadata.labels?.[Label.NodePool] !== pool || !this.#isGood(name, node)) continue;
      const used = this.#on(name).filter((pod) => isActive(pod) && !this.#cameLate(pod, since));
      const cpu = used.reduce((sum, pod) => sum + milliCpuOf(pod), 0);
      room += Math.max(0, Math.floor((milliOf(node.status?.allocatable?.["cpu"]) - cpu) / milliCpu));
    }
    return room;
  }

  #isGood(name: string, node: Node): boolean {
    const isInitialized = node.metadata.labels?.[Label.Initialized] === "true";
    return isInitialized && !this.#leaving.has(name) && !this.#markedAt.has(name) && isConditionTrue(node, "Ready");
  }

  #cameLate(pod: Pod, since: number): boolean {
    return pod.metadata.labels?.[LATE] !== undefined && (this.#boundAt.get(pod.metadata.uid ?? "") ?? 0) > since;
  }

  #on(node: string): readonly Pod[] {
    return [...this.#pods.values()].filter((pod) => pod.spec.nodeName === node);
  }

  #find(rule: Finding["rule"], text: string): void {
    this.findings.push({ rule, text });
  }
}

/** The race has no DaemonSets: whatever is active has to move. Its own words, so that it does not share the product's mistakes. */
function isActive({ metadata, status }: Pod): boolean {
  return !metadata.deletionTimestamp && status?.phase !== "Succeeded" && status?.phase !== "Failed";
}

function nameOf({ metadata }: Pod): string {
  return `pod ${metadata.name}`;
}

function poolOf(pod: Pod): string | undefined {
  return pod.spec.nodeSelector?.[Label.NodePool];
}

function isFixed({ metadata }: Pod): boolean {
  return metadata.labels?.[FIXED] !== undefined;
}

function isProtected({ metadata }: Pod): boolean {
  return metadata.annotations?.[Annotation.DoNotDisrupt] !== undefined;
}

function milliCpuOf({ spec }: Pod): number {
  return spec.containers.reduce((sum, { resources }) => sum + milliOf(resources?.requests?.["cpu"]), 0);
}

function milliOf(quantity: string | number | undefined): number {
  return quantity === undefined ? 0 : parseQuantity(quantity).toMillisUp();
}
