// Which nodes count for a spread constraint: those its owner could use, as far as the constraint's policies say so (S-411).

import { untolerated } from "../../api/index.ts";
import type { Taint, Toleration } from "../../api/index.ts";
import type { Requirements } from "../../requirements/index.ts";

export interface NodeFilter {
  /** OR-ed; absent: every node (nodeAffinityPolicy Ignore, and all pod affinity, S-425). */
  readonly terms?: readonly Requirements[];
  /** Absent: taints do not matter (nodeTaintsPolicy Ignore). */
  readonly tolerations?: readonly Toleration[];
}

export const EVERY_NODE: NodeFilter = {};

/** Nothing undefined is allowed, neither on nodes nor on planned claims. */
export function acceptsNode(filter: NodeFilter, requirements: Requirements, taints: readonly Taint[]): boolean {
  if (!acceptsTaints(filter, taints)) return false;
  return filter.terms === undefined || filter.terms.some((term) => requirements.isCompatible(term));
}

export function acceptsTaints({ tolerations }: NodeFilter, taints: readonly Taint[]): boolean {
  return tolerations === undefined || untolerated(taints, tolerations) === undefined;
}

/** Equal for filters that accept the same nodes because they say the same. */
export function filterIdentity({ terms, tolerations }: NodeFilter): unknown {
  return [terms?.map((term) => term.toSpecs()) ?? null, tolerations ?? null];
}
