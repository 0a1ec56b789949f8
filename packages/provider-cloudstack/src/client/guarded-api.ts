// Puts pace, retries, the breaker and the gate around the transport.

import { GuardedCalls, type ActionGate, type Clock } from "@karpenter-multicloud/core/runtime";
import type { Pace } from "@karpenter-multicloud/core/provider";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { isRead, type ApiRequest, type CloudStackApi, type Payload } from "./cloudstack-api.ts";
import { judge } from "./failure-kind.ts";

export interface GuardPorts {
  readonly clock: Clock;
  readonly gate: ActionGate;
  readonly logger: Logger;
  readonly random: () => number;
}

/** A write is only repeated where `judge` knows that nothing was done. */
const ATTEMPTS = 5;

export class GuardedApi implements CloudStackApi {
  readonly #transport: CloudStackApi;
  readonly #calls: GuardedCalls;

  constructor(transport: CloudStackApi, pace: Pace, ports: GuardPorts) {
    this.#transport = transport;
    this.#calls = new GuardedCalls({ cloud: "Apache CloudStack", pace, judge, ...ports });
  }

  call(request: ApiRequest): Promise<Payload> {
    const { command, signal, note } = request;
    const subject = note === undefined ? command : `${command} (${note})`;
    const write = isRead(command) ? {} : { write: { verb: command, subject } };
    return this.#calls.run({ name: command, attempts: ATTEMPTS, signal, ...write }, () =>
      this.#transport.call(request),
    );
  }
}
