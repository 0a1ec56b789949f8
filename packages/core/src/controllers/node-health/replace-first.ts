// An unhealthy node whose pods get a place before its machine goes (DX-30): it is closed and counts as leaving, so that the provisioner
// orders what its pods need; once they fit on nodes that work, the machine may go.

import { hasTaint, DISRUPTED_TAINT, type NodeClaim } from "../../api/index.ts";
import { CompileCache } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";
import { milliseconds, minutes } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { commandTimeout } from "../disruption/command.ts";
import { roomNow } from "../disruption/last-room.ts";
import { learnedBoot } from "../disruption/replacements.ts";
import { poolsWithTypes } from "../disruption/snapshot-of.ts";
import { markDisrupted, unmarkDisrupted } from "../disruption/taints.ts";
import type { PoolBackOff } from "../provisioning/pool-back-off.ts";
import { WaitingPods } from "../provisioning/waiting-pods.ts";

/** How long a node is left alone whose pods found no place in time. */
const TRIED_AGAIN = minutes(5);

interface Begun {
  readonly since: number;
  readonly providerID: string;
  /** A command of disruption takes the node away already: its mark is not ours to take off. */
  readonly isOurs: boolean;
}

export type Place =
  | { readonly found: true }
  /** `gaveUp`: it took too long, and the node is open again until it is tried once more. */
  | { readonly found: false; readonly why: string; readonly gaveUp: boolean };

export class ReplaceFirst {
  readonly #deps: ControllerDeps;
  readonly #backOff: PoolBackOff;
  readonly #waiting: WaitingPods;
  readonly #cache = new CompileCache();
  /** By name of the node. */
  readonly #begun = new Map<string, Begun>();
  readonly #pausedUntil = new Map<string, number>();

  constructor(deps: ControllerDeps, backOff: PoolBackOff) {
    this.#deps = deps;
    this.#backOff = backOff;
    this.#waiting = new WaitingPods(deps);
  }

  /** When a node that was given up is looked at again; undefined: now. */
  pausedUntil(name: string): number | undefined {
    const until = this.#pausedUntil.get(name);
    return until !== undefined && this.#deps.clock.now() < until ? until : undefined;
  }

  async placeFor(target: StateNode, claim: NodeClaim, signal: AbortSignal): Promise<Place> {
    const { clock, state } = this.#deps;
    const begun = await this.#begin(target, signal);
    const pools = await poolsWithTypes(this.#deps, this.#backOff, signal);
    const parts = { pools, waiting: this.#waiting, cache: this.#cache };
    const { gone, destinations } = await roomNow(this.#deps, parts, [target.name], signal);
    if (gone === undefined) {
      for (const node of destinations) state.nominate(node);
      // Not forgotten before it is gone: should the deletion fail and the node recover, it has to be opened again (DX-40).
      return { found: true };
    }
    if (clock.now() - begun.since <= this.#patience(claim)) return { found: false, why: gone, gaveUp: false };
    await this.release(target.name, signal);
    this.#pausedUntil.set(target.name, clock.now() + TRIED_AGAIN);
    return { found: false, why: gone, gaveUp: true };
  }

  /** It recovered, or may not be repaired any more. */
  async release(name: string, signal: AbortSignal): Promise<void> {
    const begun = this.#begun.get(name);
    if (!begun) return;
    const { logger, state } = this.#deps;
    const target = state.nodeByName(name);
    if (begun.isOurs && target?.nodeClaim && target.nodeClaim.metadata.deletionTimestamp === undefined) {
      await unmarkDisrupted(this.#deps, target, signal);
      logger.info("untainted node", { Node: name });
    }
    if (begun.isOurs) state.unmarkForDeletion(begun.providerID);
    this.#begun.delete(name);
  }

  /** The Node is gone, and nothing of it is remembered. */
  async forget(name: string, signal: AbortSignal): Promise<void> {
    await this.release(name, signal);
    this.#pausedUntil.delete(name);
  }

  /** Marked before it is tainted: the taint is what the provisioner wakes up for. */
  async #begin(target: StateNode, signal: AbortSignal): Promise<Begun> {
    const { clock, state } = this.#deps;
    const known = this.#begun.get(target.name);
    const begun = known ?? {
      since: clock.now(),
      providerID: target.providerID,
      isOurs: !target.markedForDeletion,
    };
    this.#begun.set(target.name, begun);
    if (begun.isOurs) {
      state.markForDeletion(target.providerID);
      const isClosed = hasTaint(target.node?.spec?.taints, DISRUPTED_TAINT);
      if (!isClosed) await markDisrupted(this.#deps, target, "Unhealthy", signal);
    }
    return begun;
  }

  #patience(claim: NodeClaim): number {
    const { provider, settings } = this.#deps;
    const registration = provider.timeouts?.(claim).registration ?? settings.registrationTimeout;
    return commandTimeout(1, milliseconds(registration), learnedBoot(this.#deps, claim) ?? 0);
  }
}
