// Whether a node may be considered for voluntary disruption at all: the first of the common checks that fails (D-19…D-22).

import { Annotation, getCondition, NodeClaimCondition } from "../api/index.ts";
import type { NodeClaim, NodePool, Pod } from "../api/index.ts";
import type { NodeVerdictCode } from "../reasons/index.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import type { Obstacle } from "./obstacle.ts";
import { pauseObstacle } from "./pause.ts";
import type { Pause } from "./pause.ts";
import { evictionBlock } from "./pdbs.ts";
import type { PdbIndex } from "./pdbs.ts";
import { isActive, protectionOf } from "./pods.ts";

export interface CandidateContext {
  /** Managed pools by name. */
  readonly nodePools: ReadonlyMap<string, NodePool>;
  /** Pools whose instance types are known; absent: not asked. */
  readonly poolsWithTypes?: ReadonlySet<string>;
  readonly pdbs: PdbIndex;
  /** Names of nodes that belong to a running command. */
  readonly inCommand: ReadonlySet<string>;
  /** By node name: why the provider cannot remove the machine at present. */
  readonly kept?: ReadonlyMap<string, string>;
  /** By node name: which are left alone for a while. */
  readonly paused?: ReadonlyMap<string, Pause>;
  readonly nowMs: number;
}

/** graceful: whatever keeps a pod from being evicted keeps its node; eventual: only while no deadline ends the drain anyway (D-15). */
export type DisruptionClass = "graceful" | "eventual";

/** D-20, D-21; undefined: it is a candidate. */
export function candidateObstacle(
  node: DisruptionNode,
  context: CandidateContext,
  disruptionClass: DisruptionClass = "graceful",
): Obstacle | undefined {
  return (
    nodeObstacle(node, context) ??
    poolObstacle(node, context) ??
    (hasDeadline(node, disruptionClass) ? undefined : podObstacle(node.pods, context))
  );
}

function hasDeadline({ nodeClaim }: DisruptionNode, disruptionClass: DisruptionClass): boolean {
  return disruptionClass === "eventual" && nodeClaim?.spec.terminationGracePeriod !== undefined;
}

function nodeObstacle(node: DisruptionNode, context: CandidateContext): Obstacle | undefined {
  const { inCommand, kept, paused, nowMs } = context;
  if (inCommand.has(node.name)) return { code: "InCommand", detail: "a running command already disrupts it" };
  if (!node.nodeClaim) return { code: "Unmanaged", detail: "it has no NodeClaim, so it is not ours to remove" };
  if (!node.node) return { code: "NotInitialized", detail: "its machine has not joined the cluster yet" };
  if (!node.initialized) return { code: "NotInitialized", detail: `it is still starting${lackOf(node.nodeClaim)}` };
  if (node.markedForDeletion) return { code: "Deleting", detail: "it is already on its way out" };
  const { nominatedUntil } = node;
  if (nominatedUntil !== undefined && nowMs < nominatedUntil) {
    return { code: "Nominated", detail: "pods that wait were promised a place on it", until: nominatedUntil };
  }
  if (node.annotations[Annotation.DoNotDisrupt] === "true") {
    return { code: "NodeProtected", detail: `annotation ${Annotation.DoNotDisrupt}=true on the node protects it` };
  }
  const why = kept?.get(node.name);
  if (why !== undefined) return { code: "NodeProtected", detail: why };
  const pause = paused?.get(node.name);
  return pause && nowMs < pause.until ? pauseObstacle(pause) : undefined;
}

/** What its lifecycle waits for (LC-29). */
function lackOf(claim: NodeClaim): string {
  for (const type of [NodeClaimCondition.Registered, NodeClaimCondition.Initialized]) {
    const condition = getCondition(claim, type);
    if (condition?.status === "True") continue;
    return condition?.message && condition.reason !== "AwaitingReconciliation" ? `: ${condition.message}` : "";
  }
  return "";
}

function poolObstacle({ nodePool }: DisruptionNode, context: CandidateContext): Obstacle | undefined {
  if (!nodePool) return { code: "NoNodePool", detail: "it has no NodePool label" };
  if (!context.nodePools.has(nodePool)) return { code: "NoNodePool", detail: `NodePool ${nodePool} does not exist` };
  if (context.poolsWithTypes?.has(nodePool) === false) {
    return { code: "StaleState", detail: `the instance types of NodePool ${nodePool} cannot be listed at the moment` };
  }
  return undefined;
}

/** D-3, D-5: DaemonSet and mirror pods protect too. */
function podObstacle(pods: readonly Pod[], { pdbs, nowMs }: CandidateContext): Obstacle | undefined {
  const longest = longestProtection(pods, nowMs);
  if (longest !== undefined) return longest;
  for (const pod of pods) {
    const block = evictionBlock(pod, pdbs, nowMs);
    if (block !== undefined) return { code: block.code, detail: pdbDetail(pod, block.code, block.pdbs) };
  }
  return undefined;
}

/** DT-4: the node is held until the last of them is over. */
function longestProtection(pods: readonly Pod[], nowMs: number): Obstacle | undefined {
  let longest: { readonly pod: Pod; readonly until: number } | undefined;
  for (const pod of pods.filter(isActive)) {
    const protection = protectionOf(pod, nowMs);
    if (!protection.active) continue;
    const { until = Infinity } = protection;
    if (longest === undefined || until > longest.until) longest = { pod, until };
  }
  if (longest === undefined) return undefined;
  const { pod, until } = longest;
  const detail = `annotation ${Annotation.DoNotDisrupt} on pod ${podName(pod)} protects it`;
  return { code: "PodProtected", detail, ...(until !== Infinity && { until }) };
}

function pdbDetail(pod: Pod, code: NodeVerdictCode, pdbs: readonly string[]): string {
  return code === "PdbMultiple"
    ? `several PodDisruptionBudgets (${pdbs.join(", ")}) select pod ${podName(pod)}, so it can never be evicted`
    : `PodDisruptionBudget ${pdbs.join(", ")} allows no eviction of pod ${podName(pod)} now`;
}

export function podName({ metadata }: Pod): string {
  return `${metadata.namespace ?? "default"}/${metadata.name ?? ""}`;
}
