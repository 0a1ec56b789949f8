// Plays the API server's history again, write by write, and says where a node was taken from pods that had no other place.

import {
  Annotation,
  DISRUPTED_TAINT,
  formatTaint,
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
import type { LastLooks } from "./last-looks.ts";

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
  readonly looks: LastLooks;
  /** Epoch ms. What is given up later goes with its NodePool, whatever command it was in. @defaultValue never */
  readonly poolsLeft?: number;
}

export interface Finding {
  readonly rule: "capacity" | "promised" | "empty" | "late" | "protected" | "evicted";
  readonly text: string;
}

export interface Replay {
  readonly findings: readonly Finding[];
  /** Nodes taken away, by reason. */
  readonly removed: ReadonlyMap<string, number>;
  readonly removedNodes: ReadonlySet<string>;
  readonly evicted: number;
  /** Pods that ever had a node. */
  readonly bound: number;
  readonly mostNodes: number;
  /** Pods that were bound between the mark of a node and its release or end: the race as such. */
  readonly boundWhileMarked: number;
  readonly claims: number;
  /** Nodes that would have stayed if the controller had seen what was bound after its last look: nobody can rule that out. */
  readonly unseen: number;
}

/** Pods that come and go at random. */
export const LATE = "race.example.com/late";
/** Bound by the race itself to a node that has just been marked, as a scheduler whose view lags behind would. */
export const FORCED = "race.example.com/forced";
export const FIXED = "race.example.com/fixed";

export function replay(input: ReplayInput): Replay {
  const world = new World(input);
  for (const change of input.changes) world.apply(change);
  const { findings, removed, removedNodes, evicted, bound, claims, mostNodes, boundWhileMarked, unseen } = world;
  const counts = { evicted: evicted.size, bound: bound.size, claims: claims.size };
  return { findings, removed, removedNodes, mostNodes, boundWhileMarked, unseen, ...counts };
}

class World {
  readonly findings: Finding[] = [];
  readonly removed = new Map<string, number>();
  readonly removedNodes = new Set<string>();
  readonly evicted = new Set<string>();
  readonly bound = new Set<string>();
  readonly claims = new Set<string>();
  mostNodes = 0;
  boundWhileMarked = 0;
  unseen = 0;
  readonly #input: ReplayInput;
  readonly #pods = new Map<string, Pod>();
  readonly #nodes = new Map<string, Node>();
  readonly #nodeClaims = new Map<string, NodeClaim>();
  readonly #marked = new Set<string>();
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
    if (nodeName) this.bound.add(uid);
    if (nodeName && !before?.spec.nodeName) this.#bound(pod, nodeName);
    if (pod.metadata.deletionTimestamp && !before?.metadata.deletionTimestamp) this.#ends(uid, pod);
  }

  #bound(pod: Pod, node: string): void {
    if (this.#marked.has(node) && !this.#leaving.has(node)) this.boundWhileMarked++;
    const isForced = pod.metadata.labels?.[FORCED] !== undefined;
    if (!isForced && this.#leaving.has(node)) {
      this.#find("late", `${nameOf(pod)} was bound to ${node} after the node had been given up`);
    }
  }

  #ends(uid: string, pod: Pod): void {
    const ours = this.#input.deletedByUs.has(pod.metadata.name ?? "");
    if (!ours && pod.metadata.annotations?.[Annotation.DoNotDisrupt] === "true") {
      this.#find("protected", `${nameOf(pod)} on ${pod.spec.nodeName} is protected and was ended`);
    }
    const target = getCondition(pod, "DisruptionTarget");
    if (target?.status !== "True") return;
    this.evicted.add(uid);
    const { nodeName = "" } = pod.spec;
    if (this.#leaving.has(nodeName) || this.#nodes.get(nodeName)?.metadata.deletionTimestamp) return;
    const by = `by ${target.reason ?? "nobody"} (${target.message ?? ""})`;
    this.#find("evicted", `${nameOf(pod)} was evicted ${by} from ${nodeName}, which stays: ${this.#stateOf(nodeName)}`);
  }

  /** For whoever reads the finding: what was known of the node when it happened. */
  #stateOf(name: string): string {
    const node = this.#nodes.get(name);
    const claim = [...this.#nodeClaims.values()].find(({ status }) => status?.nodeName === name);
    const taints = (node?.spec?.taints ?? []).map(formatTaint).join(", ");
    const ready = node && (getCondition(node, "Ready")?.status ?? "unknown");
    const reached = (claim?.status?.conditions ?? []).filter(({ status }) => status === "True").map(({ type }) => type);
    return [
      node ? `node is there, ready ${ready}, taints [${taints}]` : "node is not there",
      claim ? `nodeclaim ${claim.metadata.name} is ${reached.toSorted().join(", ")}` : "no nodeclaim names it",
    ].join("; ");
  }

  #node({ type }: Change, node: Node): void {
    const name = node.metadata.name ?? "";
    if (type === "DELETED") {
      this.#nodes.delete(name);
      this.#marked.delete(name);
      return;
    }
    this.#nodes.set(name, node);
    if (!hasTaint(node.spec?.taints, DISRUPTED_TAINT)) this.#marked.delete(name);
    else this.#marked.add(name);
    this.mostNodes = Math.max(this.mostNodes, this.#nodes.size);
  }

  #claim({ type, at }: Change, claim: NodeClaim): void {
    const name = claim.metadata.name ?? "";
    const before = this.#nodeClaims.get(name);
    this.claims.add(claim.metadata.uid ?? name);
    if (type === "DELETED") this.#nodeClaims.delete(name);
    else this.#nodeClaims.set(name, claim);
    if (!claim.metadata.deletionTimestamp || before?.metadata.deletionTimestamp) return;
    const node = claim.status?.nodeName ?? "";
    this.#leaving.add(node);
    const { poolsLeft = Number.POSITIVE_INFINITY } = this.#input;
    if (!isConditionTrue(claim, "DisruptionReason") || at > poolsLeft) return;
    const reason = getCondition(claim, "DisruptionReason")?.reason ?? "";
    this.removedNodes.add(node);
    this.removed.set(reason, (this.removed.get(reason) ?? 0) + 1);
    this.#judge(node, reason, claim);
  }

  #judge(node: string, reason: string, { metadata }: NodeClaim): void {
    const looked = this.#input.looks.lookBefore(metadata.name ?? "", node) ?? Number.POSITIVE_INFINITY;
    const pool = metadata.labels?.[Label.NodePool] ?? "";
    const found = this.#broken(node, reason, pool, looked);
    if (found !== undefined) this.findings.push(found);
    else if (this.#broken(node, reason, pool, Number.POSITIVE_INFINITY) !== undefined) this.unseen++;
  }

  /** By what was bound when the controller looked for the last time. */
  #broken(node: string, reason: string, pool: string, looked: number): Finding | undefined {
    const there = this.#on(node, looked);
    if (reason === "Empty" && there.length > 0) {
      const text = `${node} was given up as empty with ${there.map(nameOf).join(", ")} on it`;
      return { rule: "empty", text };
    }
    const load = this.#input.fixed.get(pool);
    if (!load) return undefined;
    const needed = this.#homeless(pool, load, looked);
    const room = this.#room(pool, load.milliCpu, looked);
    if (needed <= room) return undefined;
    const rule = reason === "Empty" ? "promised" : "capacity";
    return { rule, text: `${node} (${reason}) was given up while ${needed} pods of ${pool} had room for ${room}` };
  }

  /** Pods that have to find another place: what fixed ones lack, and others on nodes that leave. */
  #homeless(pool: string, { pods }: FixedLoad, looked: number): number {
    const all = [...this.#pods.values()].filter((pod) => isActive(pod) && poolOf(pod) === pool);
    const settled = all.filter((pod) => isFixed(pod) && pod.spec.nodeName && !this.#leaving.has(pod.spec.nodeName));
    const others = all.filter(
      (pod) =>
        !isFixed(pod) &&
        !isProtected(pod) &&
        !this.#isUnseen(pod, looked) &&
        this.#leaving.has(pod.spec.nodeName ?? ""),
    );
    return pods - settled.length + others.length;
  }

  #room(pool: string, milliCpu: number, looked: number): number {
    let room = 0;
    for (const [name, node] of this.#nodes) {
      if (node.metadata.labels?.[Label.NodePool] !== pool || !this.#isGood(name, node)) continue;
      const cpu = this.#on(name, looked).reduce((sum, pod) => sum + milliCpuOf(pod), 0);
      room += Math.max(0, Math.floor((milliOf(node.status?.allocatable?.["cpu"]) - cpu) / milliCpu));
    }
    return room;
  }

  #isGood(name: string, node: Node): boolean {
    const isInitialized = node.metadata.labels?.[Label.Initialized] === "true";
    return isInitialized && !this.#leaving.has(name) && !this.#marked.has(name) && isConditionTrue(node, "Ready");
  }

  #isUnseen({ metadata: { name = "" } }: Pod, looked: number): boolean {
    return (this.#input.looks.boundAt(name) ?? 0) > looked;
  }

  /** Active ones that were bound by then. */
  #on(node: string, looked: number): readonly Pod[] {
    const pods = [...this.#pods.values()].filter((pod) => pod.spec.nodeName === node);
    return pods.filter((pod) => isActive(pod) && !this.#isUnseen(pod, looked));
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
