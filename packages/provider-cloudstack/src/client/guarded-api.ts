// Puts pace, retries, the breaker and the gate around the transport, and measures every call.

import { GuardedCalls, type ActionGate, type Clock } from "@karpenter-multicloud/core/runtime";
import type { Pace } from "@karpenter-multicloud/core/provider";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import { CloudStackError, isRead, type ApiRequest, type CloudStackApi, type Payload } from "./cloudstack-api.ts";
import { judge } from "./failure-kind.ts";

export interface GuardPorts {
  readonly clock: Clock;
  readonly gate: ActionGate;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly random: () => number;
}

/** A write is only repeated where `judge` knows that nothing was done. */
const ATTEMPTS = 5;

export class GuardedApi implements CloudStackApi {
  readonly #transport: CloudStackApi;
  readonly #calls: GuardedCalls;
  readonly #clock: Clock;
  readonly #metrics: Metrics;

  constructor(transport: CloudStackApi, pace: Pace, { metrics, ...ports }: GuardPorts) {
    this.#transport = transport;
    this.#clock = ports.clock;
    this.#metrics = metrics;
    this.#calls = new GuardedCalls({ cloud: "Apache CloudStack", pace, judge, ...ports });
  }

  call(request: ApiRequest): Promise<Payload> {
    const { command, signal, note } = request;
    const subject = note === undefined ? command : `${command} (${note})`;
    const write = isRead(command) ? {} : { write: { verb: command, subject } };
    return this.#calls.run({ name: command, attempts: ATTEMPTS, signal, ...write }, () => this.#send(request));
  }

  async #send(request: ApiRequest): Promise<Payload> {
    const since = this.#clock.now();
    try {
      const payload = await this.#transport.call(request);
      this.#measure(request, "200", since);
      return payload;
    } catch (error) {
      const code = error instanceof CloudStackError ? error.facts.code : undefined;
      this.#measure(request, code === undefined ? "none" : String(code), since);
      throw error;
    }
  }

  #measure({ command }: ApiRequest, code: string, since: number): void {
    this.#metrics.count("karpenter_cloudstack_api_requests_total", { command, code });
    const seconds = (this.#clock.now() - since) / 1000;
    this.#metrics.observe("karpenter_cloudstack_api_request_duration_seconds", { command }, seconds);
  }
}
