// The port to CloudStack: one command, one answer or one error that says everything the server told.

import type { Parameters } from "./parameters.ts";

export interface ApiRequest {
  /** As CloudStack writes it: "listVirtualMachines". */
  readonly command: string;
  readonly parameters?: Parameters;
  readonly signal: AbortSignal;
  /** What a write does, for the audit record: "VM default-x7k2p". */
  readonly note?: string;
}

/** What stands under the answer's one key. */
export type Payload = Readonly<Record<string, unknown>>;

/** The transport implements it; guards are put around. */
export interface CloudStackApi {
  /** @throws CloudStackError */
  call(request: ApiRequest): Promise<Payload>;
}

export interface CloudStackErrorFacts {
  readonly command: string;
  /** The answer's errorcode, or the HTTP status when the body says none; absent when no answer came. */
  readonly code?: number;
  readonly csCode?: number;
  /** What the server, or the network, said. */
  readonly said: string;
  /** The failure stands in the result of an asynchronous job. */
  readonly inJob?: boolean;
  /** True when a CloudStack body came with it: the server itself has decided. */
  readonly answered: boolean;
  /** The command may have been carried out although no usable answer came. */
  readonly outcomeUnknown: boolean;
  readonly retryAfterMs?: number;
}

export class CloudStackError extends Error {
  override readonly name = "CloudStackError";
  readonly facts: CloudStackErrorFacts;

  constructor(facts: CloudStackErrorFacts, options: { readonly cause?: unknown } = {}) {
    const { command, code, said, inJob } = facts;
    super(`${command}${inJob === true ? " (job)" : ""}: ${code === undefined ? "no answer" : code}: ${said}`, options);
    this.facts = facts;
  }
}

/** Everything else changes something and goes by POST (C-2). */
export function isRead(command: string): boolean {
  return /^(?:list|get|query|quotaTariffList)/.test(command);
}
