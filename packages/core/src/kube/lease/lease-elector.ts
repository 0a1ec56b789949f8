// One candidate for a lease: reads it, takes it when it may, and renews it until it is lost or the candidate stops.

import { Leases, type Lease } from "../../api/index.ts";
import type { Clock, EpochMs } from "../../runtime/index.ts";
import type { Duration } from "../../units/index.ts";
import type { KubeReader, KubeWriter, ObjectKey } from "../client.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../errors.ts";
import { released, renewed, taken, type LeaseTimings } from "./lease-record.ts";
import { afterRead, afterTime, afterWrite, FIRST_STATE, mayTake, type LeaseState } from "./lease-state.ts";
import type { Moment } from "./moment.ts";

/** Spreads the attempts of followers, so that they do not come together (RT-34). */
const JITTER = 1.2;

export interface LeaseListener {
  /** With the moment from which the others count. */
  acquired(at: Moment): void;
  renewed(at: Moment): void;
  /** A renewal met another version of the lease, or no answer. */
  slowPath(): void;
  /** A request failed; it is repeated. */
  failed(what: string, error: unknown): void;
}

export interface LeaseElectorOptions {
  /** With its own connections and rate limit, so that nothing delays a renewal (RT-22). */
  readonly client: Pick<KubeReader, "get"> & Pick<KubeWriter, "create" | "update">;
  /** Only grows, at the machine's own rate. */
  readonly clock: Clock;
  /** The machine's wall clock. */
  readonly wall: () => EpochMs;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly key: Required<ObjectKey>;
  /** New for each process: `<hostname>_<uuid>`. */
  readonly identity: string;
  readonly timings: LeaseTimings;
  readonly listener: LeaseListener;
}

export class LeaseElector {
  readonly #options: LeaseElectorOptions;
  #state: LeaseState = FIRST_STATE;

  constructor(options: LeaseElectorOptions) {
    this.#options = options;
  }

  /** Resolves with the reason when the lease is lost, and with undefined after the abort. */
  async run(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      this.#state = afterTime(this.#state, this.#now(), this.#options.timings);
      if (this.#state.role === "lost") return this.#state.why;
      const pause = this.#state.role === "leading" ? await this.#lead(signal) : await this.#follow(signal);
      if (!this.#isLost()) await this.#sleep(pause, signal);
    }
    return undefined;
  }

  /** Lets the next one take the lease at once. Called when `run` has ended and nothing is written any more (RT-37). */
  async release(signal: AbortSignal): Promise<void> {
    const { client, timings, wall } = this.#options;
    this.#state = afterTime(this.#state, this.#now(), timings);
    if (this.#state.role !== "leading" || this.#state.lease === undefined) return;
    const lease = released(this.#state.lease, wall());
    this.#state = { role: "lost", why: "the lease was given up" };
    await client.update(Leases, lease, { signal });
  }

  #isLost(): boolean {
    return this.#state.role === "lost";
  }

  /** Answers how long to wait. */
  async #follow(signal: AbortSignal): Promise<number> {
    const { identity, timings, random } = this.#options;
    const wait = timings.retryPeriod * (1 + JITTER * random());
    if (!(await this.#read(signal))) return wait;
    const state = this.#state;
    if (state.role !== "following" || !mayTake(state, this.#now(), identity, timings)) return wait;
    return (await this.#write(signal)) ? timings.retryPeriod : wait;
  }

  async #lead(signal: AbortSignal): Promise<number> {
    const { timings, listener } = this.#options;
    if (await this.#write(signal)) return timings.retryPeriod;
    listener.slowPath();
    if (await this.#read(signal)) await this.#write(signal);
    return timings.retryPeriod;
  }

  /** True when the server answered. */
  async #read(signal: AbortSignal): Promise<boolean> {
    const { client, key, identity } = this.#options;
    let lease: Lease | undefined;
    try {
      lease = await this.#inTime(signal, (limit) => client.get(Leases, key, { signal: limit }));
    } catch (error) {
      if (!isNotFound(error)) return this.#failed("reading the lease failed", error, signal);
    }
    this.#state = afterRead(this.#state, lease, this.#now(), identity);
    return true;
  }

  /** True when the lease is ours from the moment before the request on. */
  async #write(signal: AbortSignal): Promise<boolean> {
    const state = this.#state;
    if (state.role === "lost") return false;
    const askedAt = this.#now();
    const { listener } = this.#options;
    try {
      const stored = await this.#inTime(signal, (limit) => this.#send(state, limit));
      this.#state = afterWrite(state, stored, askedAt);
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) return false;
      return this.#failed("writing the lease failed", error, signal);
    }
    if (state.role === "leading") listener.renewed(askedAt);
    else listener.acquired(askedAt);
    return true;
  }

  #send(state: Exclude<LeaseState, { role: "lost" }>, signal: AbortSignal): Promise<Lease> {
    const { client, key, identity, timings, wall } = this.#options;
    const { lease } = state;
    if (state.role === "leading" && lease !== undefined) {
      return client.update(Leases, renewed(lease, identity, wall(), timings), { signal });
    }
    const wanted = taken(lease, key, { identity, wall: wall(), timings });
    return lease === undefined ? client.create(Leases, wanted, { signal }) : client.update(Leases, wanted, { signal });
  }

  /** A leader does not wait for an answer beyond its time: half of it is left for a second attempt. */
  async #inTime<T>(signal: AbortSignal, request: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timings } = this.#options;
    const limit = new AbortController();
    const disarm = clock.schedule(clock.now() + timings.renewDeadline / 2, () => {
      limit.abort(new Error("no answer in time"));
    });
    try {
      return await request(AbortSignal.any([signal, limit.signal]));
    } finally {
      disarm();
    }
  }

  #failed(what: string, error: unknown, signal: AbortSignal): false {
    if (!signal.aborted) this.#options.listener.failed(what, error);
    return false;
  }

  #now(): Moment {
    const { clock, wall } = this.#options;
    return { monotonic: clock.now(), wall: wall() };
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(ms as Duration, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
