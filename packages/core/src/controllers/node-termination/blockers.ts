// What a drain waits for, in words: the pods that are left and what holds each of them (DX-26).

import { Annotation, toRfc3339, type Pod } from "../../api/index.ts";
import { minutes, type Duration } from "../../units/index.ts";
import { evictionBlock, isTerminating, protectionOf, type PdbIndex } from "../../disruption/index.ts";

/** What holds a node that is leaving (DM-45). */
export const DRAIN_CAUSES = ["protected", "pdb", "terminating", "volume", "cloud"] as const;
export type DrainCause = (typeof DRAIN_CAUSES)[number];

const MOST_NAMED = 5;
/** A pod that should have ended so long ago hangs. */
const OVERDUE: Duration = minutes(1);

/** "default/web (annotation … protects it), default/db (terminating since …) and 3 more". */
export function describeBlockers(waiting: readonly Pod[], pdbs: PdbIndex, now: number): string {
  const named = waiting.slice(0, MOST_NAMED).map((pod) => `${nameOf(pod)} (${causeOf(pod, pdbs, now)})`);
  const others = waiting.length > MOST_NAMED ? ` and ${waiting.length - MOST_NAMED} more` : "";
  return `${named.join(", ")}${others}`;
}

/** Undefined: each of them is on its way, or about to be evicted. */
export function drainCauseOf(waiting: readonly Pod[], pdbs: PdbIndex, now: number): DrainCause | undefined {
  const causes = new Set(
    waiting.map((pod): DrainCause | undefined => {
      const { deletionTimestamp } = pod.metadata;
      if (deletionTimestamp !== undefined)
        return Date.parse(deletionTimestamp) + OVERDUE <= now ? "terminating" : undefined;
      if (protectionOf(pod, now).active) return "protected";
      return evictionBlock(pod, pdbs, now) && "pdb";
    }),
  );
  return DRAIN_CAUSES.find((cause) => causes.has(cause));
}

function causeOf(pod: Pod, pdbs: PdbIndex, now: number): string {
  if (isTerminating(pod)) return `terminating, to end at ${pod.metadata.deletionTimestamp}`;
  const protection = protectionOf(pod, now);
  if (protection.active) {
    const until = protection.until === undefined ? "" : ` until ${toRfc3339(protection.until)}`;
    return `annotation ${Annotation.DoNotDisrupt} protects it${until}`;
  }
  const block = evictionBlock(pod, pdbs, now);
  if (block === undefined) return "to be evicted";
  const names = block.pdbs.join(", ");
  return block.code === "PdbMultiple"
    ? `several PodDisruptionBudgets select it: ${names}`
    : `PodDisruptionBudget ${names} allows no eviction`;
}

function nameOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}
