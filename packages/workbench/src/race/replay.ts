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
import { Departures, NO_TERMS, type DepartureTerms } from "./departures.ts";
import type { Change } from "../e2e-real/history.ts";
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
  /** Of nodes that leave for other reasons than a command of disruption. @defaultValue there are none */
  readonly terms?: DepartureTerms;
}

export interface Finding {
  readonly rule:
    | "capacity"
    | "promised"
    | "empty"
    | "late"
    | "protected"
    | "evicted"
    | "forced"
    | "unexplained"
    | "threshold";
  readonly text: string;
}

export interface Replay {
  readonly findings: readonly Finding[];
  /** Nodes taken away, by reason. */
  readonly removed: ReadonlyMap<string, number>;
  readonly removedNodes: ReadonlySet<string>;
  readonly evicted: number;
  /** Protected pods that were ended when the time of their node was up. */
  readonly endedAtDeadline: number;
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

/** Between a taint and the last decision that did not know of it, of a scheduler that waits for a busy machine. */
const SCHEDULER_LAG_MS = 10_000;

export function replay(input: ReplayInput): Replay {
  const world = new World(input);
  for (const change of input.changes) world.apply(change);
  const { findings, removed, removedNodes, evicted, bound, claims, mostNodes, boundWhileMarked, unseen } = world;
  const { endedAtDeadline } = world;
  const counts = { evicted: evicted.size, bound: bound.size, claims: claims.size, endedAtDeadline };
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
  endedAtDeadline = 0;
  readonly #input: ReplayInput;
  readonly #departures: Departures;
  readonly #pods = new Map<string, Pod>();
  readonly #nodes = new Map<string, Node>();
  readonly #nodeClaims = new Map<string, NodeClaim>();
  /** Since when. */
  readonly #marked = new Map<string, number>();
  /** Pods that were bound before their node was marked. */
  readonly #early = new Set<string>();
  /** Their claims are deleted. */
  readonly #leaving = new Set<string>();
  /** Of those: nobody marked them before. */
  readonly #sudden = new Set<string>();
  /** By NodePool: fixed pods of nodes that went whatever ran on them. Nothing is kept for these until all have a place again. */
  readonly #displaced = new Map<string, number>();

  constructor(input: ReplayInput) {
    this.#input = input;
    this.#departures = new Departures(input.terms ?? NO_TERMS);
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
    if (nodeName && !before?.spec.nodeName) this.#bound(pod, nodeName, change.at);
    if (pod.metadata.deletionTimestamp && !before?.metadata.deletionTimestamp) this.#ends(uid, pod, change.at);
  }

  #bound(pod: Pod, node: string, at: number): void {
    const marked = this.#marked.get(node);
    if (marked === undefined) this.#early.add(pod.metadata.uid ?? "");
    else if (!this.#leaving.has(node)) this.boundWhileMarked++;
    this.#settle(pod);
    if (pod.metadata.labels?.[FORCED] !== undefined || !this.#leaving.has(node)) return;
    // Whoever goes at once is marked afterwards, and the scheduler sees that later still.
    const isUsual = this.#sudden.has(node) && (marked === undefined || at - marked <= SCHEDULER_LAG_MS);
    if (!isUsual) this.#find("late", `${nameOf(pod)} was bound to ${node} after the node had been given up`);
  }

  #ends(uid: string, pod: Pod, at: number): void {
    const { name = "" } = pod.metadata;
    const isOver = this.#departures.isOver(pod.spec.nodeName ?? "", poolOf(pod) ?? "", at) && this.#isLeaving(pod);
    if (!this.#input.deletedByUs.has(name) && pod.metadata.annotations?.[Annotation.DoNotDisrupt] === "true") {
      if (isOver) this.endedAtDeadline++;
      else this.#find("protected", `${nameOf(pod)} on ${pod.spec.nodeName} is protected and was ended`);
    }
    const target = getCondition(pod, "DisruptionTarget");
    if (!isOver) this.#mustNotBeForced(uid, pod, target?.status === "True" ? target.reason : undefined);
    if (target?.status !== "True") return;
    this.evicted.add(uid);
    const { nodeName = "" } = pod.spec;
    if (this.#isLeaving(pod)) return;
    const by = `by ${target.reason ?? "nobody"} (${target.message ?? ""})`;
    this.#find("evicted", `${nameOf(pod)} was evicted ${by} from ${nodeName}, which stays: ${this.#stateOf(nodeName)}`);
  }

  /** Evictions ask budgets; a deletion by the controller asks nobody, and neither does the end of a pod's machine. */
  #mustNotBeForced(uid: string, pod: Pod, reason: string | undefined): void {
    const { name = "" } = pod.metadata;
    const by = this.#input.looks.deletedByController(name)
      ? "deleted by the controller"
      : reason === "DeletionByPodGC" && this.#early.has(uid)
        ? "lost with its machine"
        : undefined;
    if (by === undefined || this.#input.deletedByUs.has(name)) return;
    this.#find("forced", `${nameOf(pod)} on ${pod.spec.nodeName} was ${by} before the time of its node was up`);
  }

  #isLeaving({ spec: { nodeName = "" } }: Pod): boolean {
    return this.#leaving.has(nodeName) || this.#nodes.get(nodeName)?.metadata.deletionTimestamp !== undefined;
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

  #node({ type, at }: Change, node: Node): void {
    const name = node.metadata.name ?? "";
    if (type === "DELETED") {
      this.#nodes.delete(name);
      this.#marked.delete(name);
      return;
    }
    this.#nodes.set(name, node);
    this.#departures.node(name, node, at);
    if (!hasTaint(node.spec?.taints, DISRUPTED_TAINT)) this.#marked.delete(name);
    else if (!this.#marked.has(name)) this.#marked.set(name, at);
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
    if (!this.#marked.has(node)) this.#sudden.add(node);
    const pool = claim.metadata.labels?.[Label.NodePool] ?? "";
    const reason = this.#departures.reasonOf(claim, node, pool, at);
    this.#departures.leaves(claim, node, reason);
    const { poolsLeft = Number.POSITIVE_INFINITY } = this.#input;
    if (at > poolsLeft || reason === "Unstarted") return;
    if (reason === undefined) {
      const state = this.#departures.describe(claim, node, at);
      return this.#find("unexplained", `${node} was given up for no reason that can be seen: ${state}`);
    }
    this.removedNodes.add(node);
    this.removed.set(reason, (this.removed.get(reason) ?? 0) + 1);
    if (reason === "Unhealthy") this.#judgeRepair(node, pool, this.#departures.givenUpAt(claim, at));
    if (this.#needsRoom(reason, pool)) this.#judge(node, reason, claim);
    else this.#displace(node, pool);
  }

  #displace(node: string, pool: string): void {
    const own = this.#on(node, Number.POSITIVE_INFINITY).filter(isFixed).length;
    this.#displaced.set(pool, (this.#displaced.get(pool) ?? 0) + own);
  }

  /** What goes at its age, by hand or by force goes whether its pods have room or not (D-145, D-155). */
  #needsRoom(reason: string, pool: string): boolean {
    if (reason === "Unhealthy") return this.#departures.repairTerms(pool)?.replaceFirst === true;
    return reason !== "Expired" && reason !== "ByHand";
  }

  /** D-154. */
  #judgeRepair(node: string, pool: string, at: number): void {
    const own = [...this.#nodes].filter(([, { metadata }]) => metadata.labels?.[Label.NodePool] === pool);
    const sick = this.#departures.sickAmong(
      own.map(([name]) => name),
      at,
    );
    const most = this.#departures.repairTerms(pool)?.mostSick ?? 0;
    if (sick > most) this.#find("threshold", `${node} was repaired while ${sick} nodes of ${pool} were sick`);
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
    const lacking = pods - settled.length;
    const displaced = Math.min(lacking, this.#displaced.get(pool) ?? 0);
    return lacking - displaced + others.length;
  }

  /** Pods that lost their node to no command have found another place, all of them. */
  #settle(pod: Pod): void {
    const pool = poolOf(pod) ?? "";
    const load = this.#displaced.has(pool) ? this.#input.fixed.get(pool) : undefined;
    if (!load) return;
    const settled = [...this.#pods.values()].filter(
      (each) =>
        isActive(each) && isFixed(each) && poolOf(each) === pool && !this.#leaving.has(each.spec.nodeName ?? ""),
    );
    if (settled.filter(({ spec }) => spec.nodeName).length >= load.pods) this.#displaced.delete(pool);
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
