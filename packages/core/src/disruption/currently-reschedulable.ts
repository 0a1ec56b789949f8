// Whether a pod of a leaving node needs a new place now (S-203): it will be evicted, and it would have to run elsewhere.

import type { Pod } from "../api/index.ts";
import { isFullyBlocked } from "./pdbs.ts";
import type { PdbIndex } from "./pdbs.ts";
import { isDisruptable, isReschedulable } from "./pods.ts";

/** Without budgets only protection is looked at. */
export function isCurrentlyReschedulable(pod: Pod, nowMs: number, pdbs?: PdbIndex): boolean {
  if (!isReschedulable(pod) || !isDisruptable(pod, nowMs)) return false;
  return pdbs === undefined || !isFullyBlocked(pod, pdbs, nowMs);
}
