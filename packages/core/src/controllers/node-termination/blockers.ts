// What a drain waits for, in words: the pods that are left and what holds each of them (DX-26).

import { Annotation, toRfc3339, type Pod } from "../../api/index.ts";
import { minutes, type Duration } from "../../units/index.ts";
import { evictionBlock, isTerminating, protectionOf, type PdbIndex } from "../../disruption/index.ts";

/** What holds a node that is leaving (DM-45). */
export const DRAIN_CAUSES = ["protected", "pdb", "refused", "terminating", "volume", "cloud"] as const;
export type DrainCause = (typeof DRAIN_CAUSES)[number];

const MOST_NAMED = 5;
/** A pod that should have ended so long ago hangs. */
const OVERDUE: Duration = minutes(1);

/** What is known of pods that wait. */
export interface DrainView {
  readonly pdbs: PdbIndex;
  readonly now: number;
  /** What the API server answers when their eviction is asked for, where that is no matter of budgets. */
  readonly refusalOf: (pod: Pod) => string | undefined;
}

/** "default/web (annotation … protects it), default/db (terminating since …) and 3 more"; those that are held come first. */
export function describeBlockers(waiting: readonly Pod[], view: DrainView): string {
  const ranked = waiting.map((pod) => ({ pod, rank: rankOf(pod, view) })).toSorted((a, b) => a.rank - b.rank);
  const named = ranked.slice(0, MOST_NAMED).map(({ pod }) => `${nameOf(pod)} (${textOf(pod, view)})`);
  const others = waiting.length > MOST_NAMED ? ` and ${waiting.length - MOST_NAMED} more` : "";
  return `${named.join(", ")}${others}`;
}

/** Undefined: each of them is on its way, or about to be evicted. */
export function drainCauseOf(waiting: readonly Pod[], view: DrainView): DrainCause | undefined {
  const causes = new Set(waiting.map((pod) => causeOf(pod, view)));
  return DRAIN_CAUSES.find((cause) => causes.has(cause));
}

function causeOf(pod: Pod, { pdbs, now, refusalOf }: DrainView): DrainCause | undefined {
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined)
    return Date.parse(deletionTimestamp) + OVERDUE <= now ? "terminating" : undefined;
  if (protectionOf(pod, now).active) return "protected";
  if (evictionBlock(pod, pdbs, now)) return "pdb";
  return refusalOf(pod) === undefined ? undefined : "refused";
}

/** What is only on its way, or has its turn later, must not push out of the message what holds the node. */
function rankOf(pod: Pod, view: DrainView): number {
  const cause = causeOf(pod, view);
  if (cause !== undefined) return DRAIN_CAUSES.indexOf(cause);
  return DRAIN_CAUSES.length + (isTerminating(pod) ? 0 : 1);
}

function textOf(pod: Pod, { pdbs, now, refusalOf }: DrainView): string {
  if (isTerminating(pod)) return `terminating, to end at ${pod.metadata.deletionTimestamp}`;
  const protection = protectionOf(pod, now);
  if (protection.active) {
    const until = protection.until === undefined ? "" : ` until ${toRfc3339(protection.until)}`;
    return `annotation ${Annotation.DoNotDisrupt} protects it${until}`;
  }
  const block = evictionBlock(pod, pdbs, now);
  if (block === undefined) {
    const refusal = refusalOf(pod);
    return refusal === undefined ? "to be evicted" : `its eviction is refused: ${refusal}`;
  }
  const names = block.pdbs.join(", ");
  return block.code === "PdbMultiple"
    ? `several PodDisruptionBudgets select it: ${names}`
    : `PodDisruptionBudget ${names} allows no eviction`;
}

function nameOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}
