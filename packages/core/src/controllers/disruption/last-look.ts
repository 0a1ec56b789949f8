// The last look before something irreversible happens to a tainted node: at the API server itself, not at the mirror (DX-23, DX-24).

import { fromRfc3339, getCondition, Pods, type Pod } from "../../api/index.ts";
import {
  candidateContext,
  candidateObstacle,
  consolidateAfter,
  isOwnedByDaemonSet,
  isOwnedByNode,
  isQuietPod,
  isReschedulable,
  isTerminal,
  remainingOf,
  revalidate,
  type DisruptionNode,
  type DisruptionSnapshot,
  type ProposedCommand,
} from "../../disruption/index.ts";
import { isBufferPod } from "../../scheduling/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { isMarked } from "./taints.ts";

export interface Reprieve {
  readonly verdict: string;
  readonly detail: string;
}

export type LivePods = ReadonlyMap<string, readonly Pod[]>;

async function livePodsOf(
  { kube }: Pick<ControllerDeps, "kube">,
  name: string,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const { items } = await kube.list(Pods, { fieldSelector: `spec.nodeName=${name}`, signal });
  return items;
}

/** Of each of these nodes, all asked at once. */
export async function livePodsOn(
  deps: Pick<ControllerDeps, "kube">,
  names: readonly string[],
  signal: AbortSignal,
): Promise<LivePods> {
  return new Map(await Promise.all(names.map(async (name) => [name, await livePodsOf(deps, name, signal)] as const)));
}

/** The nodes with the pods that the API server shows on them. */
export function withLivePods(nodes: readonly DisruptionNode[], live: LivePods): readonly DisruptionNode[] {
  return nodes.map((node) => {
    const pods = live.get(node.name);
    return pods ? { ...node, pods: pods.filter((pod) => !isTerminal(pod)) } : node;
  });
}

/** A node that its pods were to go to is on its way out itself (D-119). */
export function lostDestination(
  { state }: Pick<ControllerDeps, "state">,
  proposed: ProposedCommand,
): Reprieve | undefined {
  const lost = destinationsOf(proposed).find((name) => {
    const node = state.nodeByName(name);
    return !node || node.markedForDeletion || node.node?.metadata.deletionTimestamp || isMarked(node);
  });
  if (lost === undefined) return undefined;
  return { verdict: "TaintRace", detail: `kept: node ${lost}, where its pods were to go, is leaving itself` };
}

/** A pod that moves and was not there when the command was decided. */
export function lateArrival(pods: readonly Pod[], known: ReadonlySet<string>): Reprieve | undefined {
  const late = pods.filter((pod) => isReschedulable(pod) && !known.has(pod.metadata.uid ?? ""));
  if (late.length === 0) return undefined;
  return { verdict: "TaintRace", detail: `kept: ${namesOf(late)} arrived while it was being tainted` };
}

/** Why a command must not go on after all; its snapshot shows the live pods. */
export function reprieveOf(
  command: ProposedCommand,
  snapshot: DisruptionSnapshot,
  live: LivePods,
): Reprieve | undefined {
  const refused = command.reason === "Drifted" ? driftRefusal(command, snapshot) : refusal(command, snapshot);
  if (refused) return refused;
  if (command.method !== "emptiness") return undefined;
  for (const name of command.nodes) {
    const recent = unrested(snapshot, name, live.get(name) ?? []);
    if (recent) return recent;
  }
  return undefined;
}

function refusal(command: ProposedCommand, snapshot: DisruptionSnapshot): Reprieve | undefined {
  const found = revalidate(command, snapshot);
  if (found.valid) return undefined;
  const blocked = command.nodes.flatMap((name) => blockOf(name, snapshot, "graceful") ?? []);
  return blocked[0] ?? { verdict: VERDICTS[found.category], detail: `kept: ${found.detail}` };
}

const VERDICTS = {
  churn: "StaleState",
  budget: "Budget",
  scheduling: "PodsUnschedulable",
  unknown: "StaleState",
} as const;

/** Drift is not validated by itself; what protects its nodes is looked at all the same. */
function driftRefusal({ nodes, reason }: ProposedCommand, snapshot: DisruptionSnapshot): Reprieve | undefined {
  const blocked = nodes.flatMap((name) => blockOf(name, snapshot, "eventual") ?? []);
  if (blocked[0]) return blocked[0];
  const budgets = remainingOf(snapshot, reason);
  const held = snapshot.nodes.find(
    ({ name, nodePool = "" }) => nodes.includes(name) && (budgets.get(nodePool)?.remaining ?? 0) === 0,
  );
  return held && { verdict: "Budget", detail: `kept: the budgets of NodePool ${held.nodePool} allow no more` };
}

/** What keeps any node, whatever the method. Undefined: nothing does. */
export function blockOf(
  name: string,
  snapshot: DisruptionSnapshot,
  disruptionClass: "graceful" | "eventual",
): Reprieve | undefined {
  const node = snapshot.nodes.find((each) => each.name === name);
  if (!node) return { verdict: "StaleState", detail: "kept: it is not known any more" };
  const obstacle = candidateObstacle(node, candidateContext(snapshot), disruptionClass);
  return obstacle && { verdict: obstacle.code, detail: `kept: ${obstacle.detail}` };
}

/** A pod that came within consolidateAfter and has ended already may have left no other trace. */
function unrested(snapshot: DisruptionSnapshot, name: string, pods: readonly Pod[]): Reprieve | undefined {
  const node = snapshot.nodes.find((each) => each.name === name);
  const pool = snapshot.nodePools.find(({ metadata }) => metadata.name === node?.nodePool);
  const rest = pool && consolidateAfter(pool);
  if (!rest) return undefined;
  const since = snapshot.nowMs - rest;
  const counts = (pod: Pod): boolean => !isOwnedByDaemonSet(pod) && !isOwnedByNode(pod) && !isQuietPod(pod, pool);
  const recent = pods.filter((pod) => counts(pod) && boundAt(pod) > since);
  if (recent.length === 0) return undefined;
  return { verdict: "WaitConsolidateAfter", detail: `kept: ${namesOf(recent)} came less than consolidateAfter ago` };
}

function boundAt(pod: Pod): number {
  const scheduled = getCondition(pod, "PodScheduled");
  const text = scheduled?.status === "True" ? scheduled.lastTransitionTime : pod.status?.startTime;
  return text ? fromRfc3339(text) : 0;
}

export function namesOf(pods: readonly Pod[]): string {
  return pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
}

/** Nodes that real pods were planned onto. */
export function destinationsOf({ existing }: ProposedCommand): readonly string[] {
  return existing.flatMap(({ node, pods }) => (pods.some((pod) => !isBufferPod(pod)) ? [node] : []));
}

/** It counts as leaving because of this very command. */
export function asBefore(node: DisruptionNode): DisruptionNode {
  const { nominatedUntil: _, ...rest } = node;
  return { ...rest, markedForDeletion: false };
}
