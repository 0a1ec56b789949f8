// Which pods wait for a place now: pending ones, and those of nodes that are on their way out (S-201 to S-203).

import { Nodes, PodDisruptionBudgets, Pods, type Pod } from "../../api/index.ts";
import { indexPdbs, isCurrentlyReschedulable, isProvisionable, isReschedulable } from "../../disruption/index.ts";
import type { Informer } from "../../kube/index.ts";
import { seconds } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

const PROVISIONABLE = "provisionable";
/** A pod that was promised a node by preemption waits for it this long (S-202). */
const NOMINATION_TRUSTED = seconds(60);
/** Pods of leaving nodes are looked at this often: protection and budgets end without an event (S-211). */
const LOOK_AGAIN = seconds(10);

export class WaitingPods {
  readonly #deps: Pick<ControllerDeps, "cache" | "state">;
  readonly #pods: Informer<Pod>;
  readonly #nominatedSince = new Map<string, { readonly node: string; readonly since: number }>();

  constructor(deps: Pick<ControllerDeps, "cache" | "state">) {
    this.#deps = deps;
    this.#pods = deps.cache.informer(Pods, { [PROVISIONABLE]: (pod) => (mayWait(pod) ? ["true"] : []) });
    deps.cache.informer(PodDisruptionBudgets);
    deps.cache.informer(Nodes);
  }

  at(now: number): readonly Pod[] {
    const pending = this.#pods.byIndex(PROVISIONABLE, "true");
    this.#noteNominations(pending, now);
    const pdbs = indexPdbs(this.#deps.cache.informer(PodDisruptionBudgets).list());
    const leaving = this.#podsOfLeavingNodes().filter((pod) => isCurrentlyReschedulable(pod, now, pdbs));
    return [...pending.filter((pod) => isProvisionable(pod, () => now >= this.#trustedUntil(pod))), ...leaving];
  }

  /** When this answers something else without any pod changing; undefined: not before then. */
  changesAt(now: number): number | undefined {
    const pending = this.#pods.byIndex(PROVISIONABLE, "true");
    const ends = pending.map((pod) => this.#trustedUntil(pod)).filter((until) => until > now && until < Infinity);
    if (this.#podsOfLeavingNodes().some(isReschedulable)) ends.push(now + LOOK_AGAIN);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  #podsOfLeavingNodes(): readonly Pod[] {
    return this.#deps.state.nodes().flatMap((node) => (node.markedForDeletion ? node.pods : []));
  }

  #noteNominations(pending: readonly Pod[], now: number): void {
    const nominated = pending.filter((pod) => pod.status?.nominatedNodeName);
    const uids = new Set(nominated.map((pod) => pod.metadata.uid ?? ""));
    for (const uid of this.#nominatedSince.keys()) if (!uids.has(uid)) this.#nominatedSince.delete(uid);
    for (const pod of nominated) {
      const [uid, node] = [pod.metadata.uid ?? "", pod.status?.nominatedNodeName ?? ""];
      if (this.#nominatedSince.get(uid)?.node !== node) this.#nominatedSince.set(uid, { node, since: now });
    }
  }

  /** 0 when the node it was promised is gone. */
  #trustedUntil(pod: Pod): number {
    const name = pod.status?.nominatedNodeName;
    if (!name || this.#deps.cache.informer(Nodes).get({ name }) === undefined) return 0;
    const since = this.#nominatedSince.get(pod.metadata.uid ?? "")?.since;
    return since === undefined ? Infinity : since + NOMINATION_TRUSTED;
  }
}

/** Waits for a node, or would if its nomination led nowhere. */
export function mayWait(pod: Pod): boolean {
  return isProvisionable(pod, () => true);
}
