// Puts core's guards around a transport (pace, retries, breaker, gate, log), measures every call and remembers what was denied.

import { milliseconds } from "@karpenter-multicloud/core/units";
import { GuardedCalls } from "@karpenter-multicloud/core/runtime";
import type { ActionGate, CallVerdict, Clock } from "@karpenter-multicloud/core/runtime";
import type { Pace } from "@karpenter-multicloud/core/provider";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";

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

/** O-63. */
const ATTEMPTS: Readonly<Record<HttpMethod, number>> = { GET: 5, PUT: 3, DELETE: 3, POST: 1 };
const DENIAL_LIFETIME_MS = 5 * 60_000;
const NO_FACTS: Partial<OvhApiError["facts"]> = {};

export class GuardedApi implements OvhApi {
  readonly #transport: OvhApi;
  readonly #ports: GuardPorts;
  readonly #calls: GuardedCalls;
  readonly #deniedWrites = new Map<string, { readonly advice: string; readonly at: number }>();

  constructor(transport: OvhApi, pace: Pace, ports: GuardPorts) {
    const { clock, gate, logger, random } = ports;
    this.#transport = transport;
    this.#ports = ports;
    this.#calls = new GuardedCalls({ cloud: "OVHcloud", pace, judge, clock, gate, logger, random });
  }

  /** What is missing for writes that were refused lately; forgotten after a while, so that a granted right is noticed. */
  deniedWrites(): readonly string[] {
    const since = this.#ports.clock.now() - DENIAL_LIFETIME_MS;
    return [...this.#deniedWrites.values()].filter(({ at }) => at >= since).map(({ advice }) => advice);
  }

  /** Reads pass; writes go through the gate once, however often they are sent. */
  call(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    const { route, signal, note, repeatable } = request;
    const name = `${method} ${route}`;
    const subject = note === undefined ? name : `${name} (${note})`;
    const attempts = repeatable === false ? 1 : ATTEMPTS[method];
    const call = { name, attempts, signal, ...(method === "GET" ? {} : { write: { verb: method, subject } }) };
    let failedFor: string | undefined;
    return this.#calls.run(call, async () => {
      if (failedFor !== undefined) this.#ports.metrics.count("karpenter_ovh_api_retries_total", { reason: failedFor });
      try {
        return await this.#once(method, request);
      } catch (error) {
        failedFor = kindOf(error);
        throw error;
      }
    });
  }

  async #once(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    const { clock } = this.#ports;
    const since = clock.now();
    try {
      const answer = await this.#transport.call(method, request);
      this.#measure(method, request.route, String(answer.status), since);
      this.#deniedWrites.delete(`${method} ${request.route}`);
      return answer;
    } catch (error) {
      this.#noteFailure(method, request.route, error, since);
      throw error;
    }
  }

  #noteFailure(method: HttpMethod, route: string, error: unknown, since: number): void {
    const { clock, logger } = this.#ports;
    const { status, errorCode, queryId } = error instanceof OvhApiError ? error.facts : NO_FACTS;
    this.#measure(method, route, status === undefined ? "none" : String(status), since);
    if (method !== "GET" && kindOf(error) === "permission") {
      this.#deniedWrites.set(`${method} ${route}`, { advice: adviceFor(error), at: clock.now() });
    }
    if (!(error instanceof OvhApiError)) return;
    const ms = clock.now() - since;
    logger.debug("a call to OVHcloud failed", { method, route, status, errorCode, queryId, ms });
  }

  #measure(method: HttpMethod, route: string, code: string, since: number): void {
    const { metrics, clock } = this.#ports;
    metrics.count("karpenter_ovh_api_requests_total", { method, route, code });
    metrics.observe("karpenter_ovh_api_duration_seconds", { method, route }, (clock.now() - since) / 1000);
  }
}

/** O-62. */
function judge(error: unknown): CallVerdict {
  const kind = kindOf(error);
  const after = error instanceof OvhApiError ? error.facts.retryAfterMs : undefined;
  return {
    cloud: kind === "transient" ? "down" : kind === "other" ? "unknown" : "alive",
    retry: kind === "transient" || kind === "rate-limited",
    reason: kind,
    ...(after === undefined ? {} : { after: milliseconds(after) }),
  };
}
