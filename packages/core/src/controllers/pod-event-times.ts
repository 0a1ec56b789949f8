// When pods of each machine last came or ended, kept in memory besides the status of its claim: a write that fails must not make
// a node look quiet (DX-25).

import type { NodeClaim } from "../api/index.ts";
import { toRfc3339 } from "../api/index.ts";
import { hours } from "../units/index.ts";

/** Longer than any write is tried for. */
const KEPT = hours(24);

export class PodEventTimes {
  /** By uid of the claim, epoch milliseconds; the oldest first. */
  readonly #times = new Map<string, number>();

  note({ metadata: { uid = "" } }: NodeClaim, now: number): void {
    this.#times.delete(uid);
    this.#times.set(uid, now);
    for (const [other, at] of this.#times) {
      if (now - at < KEPT) break;
      this.#times.delete(other);
    }
  }

  /** The claim with the later of both times. */
  upToDate(claim: NodeClaim): NodeClaim {
    const noted = this.#times.get(claim.metadata.uid ?? "");
    const written = Date.parse(claim.status?.lastPodEventTime ?? "");
    // What is written has whole seconds.
    if (noted === undefined || written + 1000 > noted) return claim;
    return { ...claim, status: { ...claim.status, lastPodEventTime: toRfc3339(noted) } };
  }
}
