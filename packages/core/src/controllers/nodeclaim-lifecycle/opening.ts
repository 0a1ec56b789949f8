// Opening: pods may come to a registered node once everybody has seen that nothing evicts them there any more (LC-26).

import { hasTaint, Nodes, OPENING_TAINT, sameTaint, type Node } from "../../api/index.ts";
import { patchObject } from "../../kube/index.ts";
import { milliseconds } from "../../units/index.ts";
import { nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import type { Draft, StepResult } from "./draft.ts";

type Deps = Pick<ControllerDeps, "kube" | "cache" | "clock" | "settings"> & { readonly openings: Openings };

/** When the closed node of each claim was first seen without the taint that evicts, by UID. After a restart the wait begins anew. */
export class Openings {
  readonly #closed = new Map<string, { readonly node: string; readonly since: number }>();

  /** Counted from the first time it is asked. */
  since(claim: string, node: string, now: number): number {
    const known = this.#closed.get(claim);
    if (known?.node === node) return known.since;
    this.#closed.set(claim, { node, since: now });
    return now;
  }

  forget(claim: string): void {
    this.#closed.delete(claim);
  }
}

/**
 * The taint manager of kube-controller-manager watches nodes and pods apart: a pod that it sees on a node before it sees
 * that the NoExecute taint is gone is deleted (kubernetes/kubernetes#139992). So the two never happen at the same moment.
 */
export async function openNode(deps: Deps, draft: Draft, signal: AbortSignal): Promise<StepResult> {
  const [node, ...others] = nodesOfMachine(deps.cache, draft.claim.status?.providerID);
  if (!node || others.length > 0 || !draft.conditions.is("Registered", "True") || !isClosed(node)) return {};
  const now = deps.clock.now();
  const left = deps.openings.since(draft.uid, node.metadata.uid ?? "", now) + deps.settings.taintSettleTime - now;
  if (left > 0) return { requeueAfter: milliseconds(left) };
  const taints = (node.spec?.taints ?? []).filter((taint) => !sameTaint(taint, OPENING_TAINT));
  const after = { ...node, spec: { ...node.spec, taints } };
  await patchObject(deps.kube, Nodes, { before: node, after }, { lock: true, signal }).catch(ignoreNotFound);
  deps.openings.forget(draft.uid);
  return {};
}

function isClosed({ metadata, spec }: Node): boolean {
  return metadata.deletionTimestamp === undefined && hasTaint(spec?.taints, OPENING_TAINT);
}
