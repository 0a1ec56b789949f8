// Remembers which machines we have asked MKS to remove, until the machine list shows it. Lost at a restart; the claims' marks then stand in (O-20, O-50).

import type { WireMachine, WirePool } from "../client/wire.ts";
import { isGoing, isGone } from "./machine-status.ts";

interface Entry {
  readonly poolId: string;
  readonly at: number;
  readonly desiredBefore: number;
  /** Of the same request. */
  readonly count: number;
  /** "unknown": the answer was lost. */
  readonly state: "sent" | "unknown";
}

/** A named machine may read READY for some seconds; after this time it must be going. */
export const REMOVAL_VISIBLE_MS = 60_000;
const FORGET_MS = 15 * 60_000;

export type Judgement =
  /** Nothing asked, or the list shows it already. */
  | "none"
  /** Asked and believed; wait. */
  | "leaving"
  /** The request was never carried out: ask again. */
  | "ask-again"
  /** desiredNodes was lowered, but the named machine stays: MKS may take another one. */
  | "danger";

export class RemovalLedger {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(now: () => number) {
    this.#now = now;
  }

  sent(pool: WirePool, ids: readonly string[], state: "sent" | "unknown"): void {
    const now = this.#now();
    for (const [id, entry] of this.#entries) if (now - entry.at > FORGET_MS) this.#entries.delete(id);
    for (const id of ids) {
      this.#entries.set(id, { poolId: pool.id, at: now, desiredBefore: pool.desiredNodes, count: ids.length, state });
    }
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }

  knows(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Was anything removed from this pool within the time in which the wrong machine would show? */
  removedLately(poolId: string): boolean {
    const now = this.#now();
    return [...this.#entries.values()].some((entry) => entry.poolId === poolId && now - entry.at <= REMOVAL_VISIBLE_MS);
  }

  /** Whether the machine counts as leaving although its status does not say so yet. */
  isLeaving(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && this.#now() - entry.at <= REMOVAL_VISIBLE_MS;
  }

  /** From what the API shows now about one machine we asked to remove. */
  judge(machine: WireMachine, pool: WirePool): Judgement {
    const entry = this.#entries.get(machine.id);
    if (entry === undefined || isGoing(machine) || isGone(machine)) return "none";
    const lowered = pool.desiredNodes <= entry.desiredBefore - entry.count;
    if (entry.state === "unknown" && !lowered) return "ask-again";
    if (this.#now() - entry.at <= REMOVAL_VISIBLE_MS) return "leaving";
    return lowered ? "danger" : "ask-again";
  }
}
