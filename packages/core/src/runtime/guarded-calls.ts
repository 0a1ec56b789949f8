// What every call to a cloud passes, whichever cloud it is: pace, retries, circuit breaker, the gate for writes, and the log.

import { CircuitBreaker, RateLimiter, Transient, withRetry } from "../provider/index.ts";
import type { BreakerLimits, Pace, RetryPolicy } from "../provider/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { type Duration, milliseconds, seconds } from "../units/index.ts";
import type { ActionGate } from "./action-gate.ts";
import type { Clock } from "./clock.ts";

/** What a failure says of the cloud's health, and whether the same call may be sent again. */
export interface CallVerdict {
  /** "down" counts for the breaker, "alive" closes it, "unknown" says nothing (an aborted call). */
  readonly cloud: "alive" | "down" | "unknown";
  readonly retry: boolean;
  /** For the log. */
  readonly reason: string;
  /** What the cloud asked for. */
  readonly after?: Duration;
}

export interface GuardedCall {
  /** As the gate and the log name it: "POST /servers", "deployVirtualMachine". */
  readonly name: string;
  /** Set for what changes something: passes the gate, however often it is sent, once. */
  readonly write?: { readonly verb: string; readonly subject: string };
  /** Calls in total, the first one included. */
  readonly attempts: number;
  readonly signal: AbortSignal;
}

export interface GuardedCallsParts {
  /** As texts name it: "Apache CloudStack". */
  readonly cloud: string;
  readonly pace: Pace;
  readonly judge: (error: unknown) => CallVerdict;
  readonly clock: Clock;
  readonly gate: ActionGate;
  readonly logger: Logger;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** @defaultValue 10 failures in a row, 30 s */
  readonly breaker?: BreakerLimits;
  /** @defaultValue 500 ms doubling to 15 s */
  readonly backOff?: Pick<RetryPolicy, "base" | "max" | "maxAfter">;
}

const BREAKER: BreakerLimits = { failures: 10, pause: seconds(30) };
const BACK_OFF = { base: milliseconds(500), max: seconds(15), maxAfter: seconds(60) };

export class GuardedCalls {
  readonly #parts: GuardedCallsParts;
  readonly #limiter: RateLimiter;
  readonly #limits: BreakerLimits;
  readonly #breaker: CircuitBreaker;
  #lastFailure = "";

  constructor(parts: GuardedCallsParts) {
    this.#parts = parts;
    this.#limiter = new RateLimiter(parts.pace, parts.clock);
    this.#limits = parts.breaker ?? BREAKER;
    this.#breaker = new CircuitBreaker(this.#limits, () => parts.clock.now());
  }

  /** The last error is thrown unchanged. @throws Transient while the breaker is open */
  run<T>(call: GuardedCall, send: () => Promise<T>): Promise<T> {
    const { write } = call;
    if (write === undefined) return this.#repeatedly(call, send);
    return this.#parts.gate.run({ target: "cloud", ...write }, () => this.#repeatedly(call, send));
  }

  #repeatedly<T>(call: GuardedCall, send: () => Promise<T>): Promise<T> {
    const { clock, random, logger, judge, cloud, backOff = BACK_OFF } = this.#parts;
    const { name, attempts, signal } = call;
    return withRetry(() => this.#limiter.run(() => this.#once(call, send), signal), {
      policy: { attempts, ...backOff },
      classify: (error) => {
        const { retry, reason, after } = judge(error);
        return retry ? { retry, reason, ...(after === undefined ? {} : { after }) } : { retry };
      },
      time: clock,
      random,
      signal,
      onRetry: (reason, attempt, wait) =>
        logger.debug(`repeating a call to ${cloud}`, { call: name, reason, attempt, waitMs: Math.round(wait) }),
    });
  }

  async #once<T>({ name }: GuardedCall, send: () => Promise<T>): Promise<T> {
    const { clock, cloud, judge } = this.#parts;
    const blocked = this.#breaker.blockedFor();
    if (blocked > 0) {
      const why = `${name} was not sent: ${cloud} has failed ${this.#limits.failures} calls in a row, the last with: ${this.#lastFailure}`;
      throw new Transient(why, { retryAfter: milliseconds(blocked) });
    }
    try {
      const answer = await clock.during(send);
      this.#breaker.succeeded();
      return answer;
    } catch (error) {
      const health = judge(error).cloud;
      if (health === "down") {
        this.#breaker.failed();
        this.#lastFailure = error instanceof Error ? error.message : String(error);
      }
      if (health === "alive") this.#breaker.succeeded();
      if (health === "unknown") this.#breaker.unknown();
      throw error;
    }
  }
}
