// Puts pace, retries, the breaker, the gate and shared reads around the transport.

import { GuardedCalls, type ActionGate, type Clock } from "@karpenter-multicloud/core/runtime";
import type { Pace } from "@karpenter-multicloud/core/provider";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { isRead, type ApiRequest, type CloudStackApi, type Payload } from "./cloudstack-api.ts";
import { judge } from "./failure-kind.ts";
import { flatten } from "./parameters.ts";
import { stringToSign } from "./signature.ts";

export interface GuardPorts {
  readonly clock: Clock;
  readonly gate: ActionGate;
  readonly logger: Logger;
  readonly random: () => number;
}

const READ_ATTEMPTS = 5;
/** A write is only repeated where `judge` knows that nothing was done. */
const WRITE_ATTEMPTS = 5;

export class GuardedApi implements CloudStackApi {
  readonly #transport: CloudStackApi;
  readonly #calls: GuardedCalls;

  constructor(transport: CloudStackApi, pace: Pace, ports: GuardPorts) {
    this.#transport = transport;
    this.#calls = new GuardedCalls({ cloud: "Apache CloudStack", pace, judge, ...ports });
  }

  call(request: ApiRequest): Promise<Payload> {
    const { command, signal, note } = request;
    const read = isRead(command);
    const subject = note === undefined ? command : `${command} (${note})`;
    return this.#calls.run(
      {
        name: command,
        attempts: read ? READ_ATTEMPTS : WRITE_ATTEMPTS,
        signal,
        ...(read ? {} : { write: { verb: command, subject } }),
      },
      () => this.#transport.call(request),
    );
  }
}

/** Equal for calls that ask the same: to share one answer among those who wait for it. */
export function questionOf({ command, parameters = {} }: ApiRequest): string {
  return `${command}?${stringToSign(flatten(parameters))}`;
}
