// Which NodePools get no new machines for a while, because the last ones could not be had or did not join (LC-18 to LC-20, LC-31, LC-32).

import { toRfc3339, type NodePool } from "../../api/index.ts";
import { hours, milliseconds, minutes, seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

export type BackOffReason =
  | "insufficient_capacity"
  | "nodeclass_not_ready"
  | "create_failed"
  | "launch_timeout"
  | "registration_timeout";

export interface BackOff {
  readonly reason: BackOffReason;
  /** What went wrong last. */
  readonly message: string;
  readonly until: number;
}

interface Failures extends BackOff {
  readonly count: number;
  readonly last: number;
}

const FIRST: Duration = seconds(30);
const LONGEST: Duration = minutes(10);
/** A failure that is older says nothing about the next machine. */
const REMEMBERED: Duration = hours(1);
/** A single machine that is late has a reason of its own; a second one shows that the pool has. */
const FORGIVEN: Readonly<Record<BackOffReason, number>> = {
  insufficient_capacity: 0,
  nodeclass_not_ready: 0,
  create_failed: 0,
  launch_timeout: 1,
  registration_timeout: 1,
};

/** Per pool (its UID) and reason, each with its own pauses. Lives as long as the process: a restart tries once more. */
export class PoolBackOff {
  readonly #deps: Pick<ControllerDeps, "clock" | "logger" | "random">;
  readonly #pools = new Map<string, Map<BackOffReason, Failures>>();

  constructor(deps: Pick<ControllerDeps, "clock" | "logger" | "random">) {
    this.#deps = deps;
  }

  /** Failures of machines that were wanted before the pause began do not make it longer. */
  failed(pool: NodePool, reason: BackOffReason, message: string): void {
    const { clock, logger } = this.#deps;
    const now = clock.now();
    this.#forgetOld(now);
    const { uid = "", name } = pool.metadata;
    const reasons = this.#pools.get(uid) ?? new Map<BackOffReason, Failures>();
    const known = reasons.get(reason);
    if (known && now < known.until) return;
    const count = (known?.count ?? 0) + 1;
    const pause = this.#pause(count - FORGIVEN[reason]);
    const until = now + pause;
    this.#pools.set(uid, reasons.set(reason, { reason, message, until, count, last: now }));
    if (pause === 0) return;
    logger.warn("nodepool gets no new machines for a while", { NodePool: name, reason, until: toRfc3339(until) });
  }

  /** A machine could be had. */
  launched(pool: NodePool): void {
    const reasons = this.#pools.get(pool.metadata.uid ?? "");
    // Machines that are had and never join are another matter.
    for (const reason of reasons?.keys() ?? []) if (reason !== "registration_timeout") reasons?.delete(reason);
  }

  /** A machine joined. */
  registered(pool: NodePool): void {
    this.#pools.delete(pool.metadata.uid ?? "");
  }

  /** Of several pauses the one that lasts longest; undefined when the pool may grow. */
  of(pool: NodePool): BackOff | undefined {
    const now = this.#deps.clock.now();
    const pauses = [...(this.#pools.get(pool.metadata.uid ?? "")?.values() ?? [])].filter(({ until }) => until > now);
    return pauses.toSorted((a, b) => b.until - a.until)[0];
  }

  /** Spread by a tenth, so that pools that failed together do not try again together. */
  #pause(times: number): Duration {
    if (times < 1) return milliseconds(0);
    const pause = Math.min(LONGEST, FIRST * 2 ** (times - 1));
    return milliseconds(Math.round(pause * (0.9 + 0.2 * this.#deps.random())));
  }

  #forgetOld(now: number): void {
    for (const [uid, reasons] of this.#pools) {
      for (const [reason, { last }] of reasons) if (last + REMEMBERED < now) reasons.delete(reason);
      if (reasons.size === 0) this.#pools.delete(uid);
    }
  }
}

/** For people: what went wrong, and when it is tried again. */
export function backOffText({ reason, message, until }: BackOff): string {
  return `after ${reason} (${message}) it is tried again at ${toRfc3339(until)}`;
}
