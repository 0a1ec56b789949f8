// What PodDisruptionBudgets say about evicting one pod: now (D-5), and ever (D-6).

import { matchesSelector } from "../api/index.ts";
import type { Pod, PodDisruptionBudget } from "../api/index.ts";
import { compareText } from "../units/index.ts";
import { isEvictable, isUnhealthy } from "./pods.ts";

/** By namespace. Made once per decision, so that all its parts see the same budgets. */
export type PdbIndex = ReadonlyMap<string, readonly PodDisruptionBudget[]>;

export interface PdbBlock {
  readonly code: "PdbBlocked" | "PdbMultiple";
  /** In name order. */
  readonly pdbs: readonly string[];
}

export function indexPdbs(pdbs: readonly PodDisruptionBudget[]): PdbIndex {
  const index = new Map<string, PodDisruptionBudget[]>();
  for (const pdb of pdbs.toSorted((a, b) => compareText(a.metadata.name ?? "", b.metadata.name ?? ""))) {
    const namespace = pdb.metadata.namespace ?? "default";
    index.set(namespace, [...(index.get(namespace) ?? []), pdb]);
  }
  return index;
}

/** D-5: why the pod may not be evicted now. Several budgets on one pod always block: the eviction API refuses. */
export function evictionBlock(pod: Pod, index: PdbIndex, nowMs: number): PdbBlock | undefined {
  if (!isEvictable(pod, nowMs)) return undefined;
  const matching = matchingPdbs(pod, index);
  const pdbs = matching.map(({ metadata }) => metadata.name ?? "");
  if (matching.length > 1) return { code: "PdbMultiple", pdbs };
  const blocks = matching.some((pdb) => !letsUnhealthyGo(pdb, pod) && (pdb.status?.disruptionsAllowed ?? 0) === 0);
  return blocks ? { code: "PdbBlocked", pdbs } : undefined;
}

/** D-6, S-204: no eviction can ever succeed, by what the budgets ask for. */
export function isFullyBlocked(pod: Pod, index: PdbIndex, nowMs: number): boolean {
  if (!isEvictable(pod, nowMs)) return false;
  const matching = matchingPdbs(pod, index);
  return matching.length > 1 || matching.some((pdb) => !letsUnhealthyGo(pdb, pod) && allowsNone(pdb));
}

function matchingPdbs(pod: Pod, index: PdbIndex): readonly PodDisruptionBudget[] {
  const budgets = index.get(pod.metadata.namespace ?? "default") ?? [];
  return budgets.filter(({ spec }) => matchesSelector(spec.selector, pod.metadata.labels));
}

function letsUnhealthyGo({ spec }: PodDisruptionBudget, pod: Pod): boolean {
  return spec.unhealthyPodEvictionPolicy === "AlwaysAllow" && isUnhealthy(pod);
}

function allowsNone({ spec }: PodDisruptionBudget): boolean {
  const { maxUnavailable, minAvailable } = spec;
  return maxUnavailable === 0 || maxUnavailable === "0%" || minAvailable === "100%";
}
