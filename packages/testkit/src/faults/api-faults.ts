// What goes wrong between a process and its API server, drawn from a seed: refusals, lost answers, outages, broken and slow watches.

import { KubeError } from "@karpenter-multicloud/core/kube";
import type { EpochMs } from "@karpenter-multicloud/core/runtime";

/** All shares are between 0 and 1; absent ones are 0. */
export interface ApiFaultPlan {
  /** Calls that are answered 500, 503 or 429 and have no effect. */
  readonly refused?: number;
  /** Writes that have their effect but whose answer never comes. */
  readonly answerLost?: number;
  /** Changes of what is there that are answered 409, as if somebody had been quicker. */
  readonly conflicts?: number;
  /** Deliveries after which the watch ends, cleanly or not. */
  readonly watchDropped?: number;
  /** Deliveries in whose place the server says that the watch is too old to be resumed. */
  readonly watchExpired?: number;
  /** A watch delivers up to this much late. */
  readonly watchDelayMs?: number;
  /** Nothing gets through. */
  readonly outages?: readonly { readonly from: EpochMs; readonly to: EpochMs }[];
}

export type WatchFate = "delivered" | "closed" | "broken" | "expired";

export class ApiFaults {
  readonly #plan: ApiFaultPlan;
  readonly #random: () => number;
  readonly #now: () => EpochMs;
  readonly #counts = new Map<string, number>();

  /** `random`: 0 ≤ x < 1 */
  constructor(plan: ApiFaultPlan, random: () => number, now: () => EpochMs) {
    this.#plan = plan;
    this.#random = random;
    this.#now = now;
  }

  /** How often each thing went wrong. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  get out(): boolean {
    const now = this.#now();
    return (this.#plan.outages ?? []).some(({ from, to }) => now >= from && now < to);
  }

  /** Before a call is sent. @throws KubeError */
  beforeCall(what: string): void {
    if (this.out) throw this.#gone("outage", `${what}: connection refused`);
    if (!this.#strikes(this.#plan.refused)) return;
    const code = [500, 503, 429][Math.floor(this.#random() * 3)] ?? 500;
    this.#count(String(code));
    const reason = code === 429 ? "TooManyRequests" : code === 503 ? "ServiceUnavailable" : "InternalError";
    throw new KubeError(code, reason, `${what}: refused on purpose`);
  }

  /** Before a change of something that is there. @throws KubeError */
  beforeChange(what: string): void {
    if (!this.#strikes(this.#plan.conflicts)) return;
    this.#count("409");
    throw new KubeError(409, "Conflict", `${what}: the object has been modified`);
  }

  /** After a write had its effect. @throws KubeError */
  afterWrite(what: string): void {
    if (this.out || this.#strikes(this.#plan.answerLost)) throw this.#gone("answer lost", `${what}: socket hang up`);
  }

  /** What becomes of a delivery. */
  watchFate(): WatchFate {
    if (this.out) return "broken";
    if (this.#strikes(this.#plan.watchExpired)) return this.#counted("expired");
    if (!this.#strikes(this.#plan.watchDropped)) return "delivered";
    return this.#counted(this.#random() < 0.5 ? "closed" : "broken");
  }

  /** Milliseconds. */
  watchDelay(): number {
    const most = this.#plan.watchDelayMs ?? 0;
    return most === 0 ? 0 : Math.floor(this.#random() * most);
  }

  #strikes(share: number | undefined): boolean {
    return share !== undefined && share > 0 && this.#random() < share;
  }

  /** No answer: whoever asked does not know what became of it. */
  #gone(kind: string, message: string): KubeError {
    this.#count(kind);
    return new KubeError(0, "Unknown", message);
  }

  #counted<K extends WatchFate>(fate: K): K {
    this.#count(`watch ${fate}`);
    return fate;
  }

  #count(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }
}
