// What every call to Scaleway passes (W-43, W-60); which failures are worth another try is said here.

import type { Pace } from "@karpenter-multicloud/core/provider";
import { GuardedCalls } from "@karpenter-multicloud/core/runtime";
import type { ActionGate, CallVerdict, Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import { milliseconds } from "@karpenter-multicloud/core/units";

import { factsOf, kindOf } from "./failure-kind.ts";
import type { ApiAnswer, ApiRequest, HttpMethod, ScalewayApi } from "./scaleway-api.ts";

export interface GuardPorts {
  readonly clock: Clock;
  readonly gate: ActionGate;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly random: () => number;
}

const ATTEMPTS = 5;
const LONGEST_HOLD_MS = 60_000;
/** A POST that makes something: again only when it was surely not carried out. */
const MAKES_SOMETHING = /\/(servers|ips|volumes|private_nics|placement_groups)$/;

export class GuardedApi implements ScalewayApi {
  readonly #transport: ScalewayApi;
  readonly #calls: GuardedCalls;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  /** A limit is the project's, not one call's: until then nothing is sent. */
  #heldUntil = 0;

  constructor(transport: ScalewayApi, pace: Pace, ports: GuardPorts) {
    this.#transport = transport;
    const { metrics, ...others } = ports;
    this.#clock = others.clock;
    this.#metrics = metrics;
    this.#calls = new GuardedCalls({ cloud: "Scaleway", pace, judge, ...others });
  }

  async call(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    const { route, note, signal } = request;
    const name = `${method} ${route}`;
    const subject = note === undefined ? name : `${name} (${note})`;
    const write = method === "GET" ? {} : { write: { verb: method, subject } };
    const hold = this.#heldUntil - this.#clock.now();
    if (hold > 0) await this.#clock.sleep(milliseconds(hold), { signal });
    return this.#calls.run({ name, attempts: ATTEMPTS, signal, ...write }, () => this.#send(method, request));
  }

  async #send(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    const since = this.#clock.now();
    try {
      const answer = await this.#transport.call(method, request);
      this.#measure(method, request, String(answer.status), since);
      return answer;
    } catch (error) {
      const facts = factsOf(error);
      this.#measure(method, request, String(facts?.status ?? "none"), since);
      if (kindOf(error) === "rate-limited") this.#throttled(facts?.retryAfterMs ?? 0);
      throw error;
    }
  }

  #throttled(forMs: number): void {
    this.#metrics.count("karpenter_scaleway_api_throttled_total");
    this.#heldUntil = this.#clock.now() + Math.min(forMs, LONGEST_HOLD_MS);
  }

  #measure(method: HttpMethod, { route: endpoint, path }: ApiRequest, code: string, since: number): void {
    const zone = /\/zones\/([^/]+)/.exec(path)?.[1] ?? "";
    this.#metrics.count("karpenter_scaleway_api_requests_total", { method, endpoint, code, zone });
    const seconds = (this.#clock.now() - since) / 1000;
    this.#metrics.observe("karpenter_scaleway_api_request_duration_seconds", { method, endpoint }, seconds);
  }
}

function judge(error: unknown): CallVerdict {
  const kind = kindOf(error);
  const cloud = kind === "transient" ? "down" : kind === "other" ? "unknown" : "alive";
  const facts = factsOf(error);
  const after = facts?.retryAfterMs;
  const makes = facts?.method === "POST" && MAKES_SOMETHING.test(facts.route);
  const mayBeDone = makes && kind === "transient" && facts.outcomeUnknown;
  return {
    cloud,
    reason: kind,
    retry: (kind === "transient" || kind === "rate-limited") && !mayBeDone,
    ...(after === undefined ? {} : { after: milliseconds(after) }),
  };
}
