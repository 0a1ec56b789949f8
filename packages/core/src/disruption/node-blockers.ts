// All that holds one node, for whoever wants to free it: the verdict only tells the first thing (DX-1).

import { Annotation } from "../api/index.ts";
import type { NodeVerdictCode } from "../reasons/index.ts";
import { podName } from "./candidate.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { evictionBlock, type PdbIndex } from "./pdbs.ts";
import { isActive, protectionOf } from "./pods.ts";

export type BlockerKind = "pod" | "pdb" | "node" | "budget" | "scheduling" | "price" | "time" | "state";

export interface NodeBlocker {
  readonly kind: BlockerKind;
  readonly name: string;
  readonly text: string;
}

/** Nobody reads more of them. */
const MOST = 20;
/** With these verdicts pods were not looked at, or held the node. */
const ABOUT_PODS: ReadonlySet<string> = new Set(["NodeProtected", "PodProtected", "PdbBlocked", "PdbMultiple"]);
const TOLD_BY_PODS: ReadonlySet<string> = new Set(["PodProtected", "PdbBlocked", "PdbMultiple"]);

const KINDS: Readonly<Partial<Record<NodeVerdictCode, BlockerKind>>> = {
  NodeProtected: "node",
  Budget: "budget",
  BudgetInvalid: "budget",
  NodeLimit: "budget",
  NotCheaper: "price",
  ScoreTooLow: "price",
  NoPrice: "price",
  SpotGate: "price",
  SpotFlexibility: "price",
  MinValues: "scheduling",
  PodsUnschedulable: "scheduling",
  NeedsUninitialized: "scheduling",
  NeedsNNodes: "scheduling",
  WaitConsolidateAfter: "time",
  Backoff: "time",
  Nominated: "time",
};

/** Nothing holds a node that goes. */
export function nodeBlockers(
  { name, pods }: DisruptionNode,
  { code, detail }: { readonly code: NodeVerdictCode; readonly detail: string },
  { pdbs, nowMs }: { readonly pdbs: PdbIndex; readonly nowMs: number },
): readonly NodeBlocker[] {
  if (code === "Selected" || code === "InCommand") return [];
  const found: NodeBlocker[] = [];
  if (!TOLD_BY_PODS.has(code)) found.push({ kind: KINDS[code] ?? "state", name, text: detail });
  if (!ABOUT_PODS.has(code)) return found;
  for (const pod of pods) {
    if (found.length >= MOST) break;
    if (isActive(pod) && protectionOf(pod, nowMs).active) {
      found.push({ kind: "pod", name: podName(pod), text: `annotation ${Annotation.DoNotDisrupt} protects it` });
    }
    const block = evictionBlock(pod, pdbs, nowMs);
    if (!block) continue;
    const text = block.code === "PdbMultiple" ? "one of several that select" : "allows no eviction of";
    for (const pdb of block.pdbs) found.push({ kind: "pdb", name: pdb, text: `${text} pod ${podName(pod)}` });
  }
  return found;
}
