// Whether a command that has closed its nodes, or has machines booting, is still wanted: people change their mind within the minutes that takes.

import { getCondition, NodeClaims, NodePools } from "../../api/index.ts";
import { withdrawal, type ProposedCommand } from "../../disruption/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { Reprieve } from "./last-look.ts";

/** Its NodePool does not want it any more: looked at for as long as nothing is deleted that could stay (DX-23, DX-39). */
export function withdrawn(
  { cache, clock, state }: Pick<ControllerDeps, "cache" | "clock" | "state">,
  { nodes, reason }: ProposedCommand,
): Reprieve | undefined {
  for (const name of nodes) {
    const node = state.nodeByName(name);
    const nodePool = cache.informer(NodePools).get({ name: node?.nodePool ?? "" });
    if (!node || !nodePool || node.nodeClaim?.metadata.deletionTimestamp) continue;
    const found = withdrawal(node, nodePool, reason, clock.now());
    if (found) return { verdict: found.code, detail: `kept: ${found.detail}` };
  }
  return undefined;
}

/** Pods that went to such a machine would have to move again at once; a provider that never is content must not keep them moving (DX-20). */
export function driftedReplacement(
  { cache }: Pick<ControllerDeps, "cache">,
  replacements: readonly string[],
): Reprieve | undefined {
  for (const name of replacements) {
    const claim = cache.informer(NodeClaims).get({ name });
    const drift = claim && getCondition(claim, "Drifted");
    if (drift?.status !== "True") continue;
    return { verdict: "Backoff", detail: `kept: its replacement ${name} has drifted itself: ${drift.reason}` };
  }
  return undefined;
}
