// Puts pace, retries, the circuit breaker, the action gate and the log around a transport.

import { CircuitBreaker, RateLimiter, Transient, withRetry } from "@karpenter-multicloud/core/provider";
import type { Pace, RetryPolicy, RetryVerdict } from "@karpenter-multicloud/core/provider";
import type { ActionGate, Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import { milliseconds, seconds } from "@karpenter-multicloud/core/units";

import { adviceFor, kindOf } from "./failure-kind.ts";
import type { ApiAnswer, ApiRequest, HttpMethod, OvhApi } from "./ovh-api.ts";
import { OvhApiError } from "./ovh-api.ts";

export interface GuardPorts {
  readonly clock: Clock;
  readonly gate: ActionGate;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly random: () => number;
}

const NO_FACTS: Partial<OvhApiError["facts"]> = {};
const ATTEMPTS: Readonly<Record<HttpMethod, number>> = { GET: 5, PUT: 3, DELETE: 3, POST: 1 };
const DENIAL_LIFETIME_MS = 5 * 60_000;
const BREAKER = { failures: 10, pause: seconds(30) };

export class GuardedApi implements OvhApi {
  readonly #transport: OvhApi;
  readonly #ports: GuardPorts;
  readonly #limiter: RateLimiter;
  readonly #breaker: CircuitBreaker;
  readonly #deniedWrites = new Map<string, { readonly advice: string; readonly at: number }>();

  constructor(transport: OvhApi, pace: Pace, ports: GuardPorts) {
    this.#transport = transport;
    this.#ports = ports;
    this.#limiter = new RateLimiter(pace, ports.clock);
    this.#breaker = new CircuitBreaker(BREAKER, () => ports.clock.now());
  }

  /** What is missing for writes that were refused lately; forgotten after a while, so that a granted right is noticed. */
  deniedWrites(): readonly string[] {
    const since = this.#ports.clock.now() - DENIAL_LIFETIME_MS;
    return [...this.#deniedWrites.values()].filter(({ at }) => at >= since).map(({ advice }) => advice);
  }

  /** Reads pass; writes go through the gate once, however often they are sent. */
  call(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    if (method === "GET") return this.#repeatedly(method, request);
    const subject = `${method} ${request.route}${request.note === undefined ? "" : ` (${request.note})`}`;
    return this.#ports.gate.run({ target: "cloud", verb: method, subject }, () => this.#repeatedly(method, request));
  }

  #repeatedly(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    const { clock, random, logger, metrics } = this.#ports;
    const policy: RetryPolicy = {
      attempts: request.repeatable === false ? 1 : ATTEMPTS[method],
      base: milliseconds(500),
      max: seconds(15),
      maxAfter: seconds(60),
    };
    return withRetry(() => this.#limiter.run(() => this.#once(method, request), request.signal), {
      policy,
      classify,
      time: clock,
      random,
      signal: request.signal,
      onRetry: (reason, attempt, wait) => {
        const waitMs = Math.round(wait);
        metrics.count("karpenter_ovh_api_retries_total", { reason });
        logger.debug("repeating a call to OVHcloud", { method, route: request.route, reason, attempt, waitMs });
      },
    });
  }

  async #once(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    const { clock, logger } = this.#ports;
    const blocked = this.#breaker.blockedFor();
    if (blocked > 0) {
      throw new Transient(
        `${method} ${request.route} was not sent: OVHcloud has failed ${BREAKER.failures} calls in a row`,
        {
          retryAfter: milliseconds(blocked),
        },
      );
    }
    const since = clock.now();
    try {
      const answer = await clock.during(() => this.#transport.call(method, request));
      this.#measure(method, request.route, String(answer.status), since);
      this.#breaker.succeeded();
      this.#deniedWrites.delete(`${method} ${request.route}`);
      return answer;
    } catch (error) {
      this.#judge(error);
      const { status, errorCode, queryId } = error instanceof OvhApiError ? error.facts : NO_FACTS;
      this.#measure(method, request.route, status === undefined ? "none" : String(status), since);
      if (method !== "GET" && kindOf(error) === "permission") {
        this.#deniedWrites.set(`${method} ${request.route}`, { advice: adviceFor(error), at: clock.now() });
      }
      if (error instanceof OvhApiError) {
        const ms = clock.now() - since;
        logger.debug("a call to OVHcloud failed", { method, route: request.route, status, errorCode, queryId, ms });
      }
      throw error;
    }
  }

  #measure(method: HttpMethod, route: string, code: string, since: number): void {
    const { metrics, clock } = this.#ports;
    metrics.count("karpenter_ovh_api_requests_total", { method, route, code });
    metrics.observe("karpenter_ovh_api_duration_seconds", { method, route }, (clock.now() - since) / 1000);
  }

  #judge(error: unknown): void {
    const kind = kindOf(error);
    if (kind === "transient") this.#breaker.failed();
    else if (kind === "other") this.#breaker.unknown();
    else this.#breaker.succeeded();
  }
}

function classify(error: unknown): RetryVerdict {
  const kind = kindOf(error);
  if (kind !== "transient" && kind !== "rate-limited") return { retry: false };
  const after = error instanceof OvhApiError ? error.facts.retryAfterMs : undefined;
  return { retry: true, reason: kind, ...(after === undefined ? {} : { after: milliseconds(after) }) };
}
