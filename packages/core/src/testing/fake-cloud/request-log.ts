// What was asked of the fake and what it answered, without secrets.

import type { FakeFault } from "./faults.ts";
import { statusOf } from "./outcome.ts";
import type { Incoming, Outcome } from "./outcome.ts";

export interface LoggedRequest {
  /** Milliseconds of the fake's clock. */
  readonly at: number;
  readonly method: string;
  /** As received, without the query. */
  readonly path: string;
  readonly query: string;
  /** Empty when no route was found. */
  readonly operation: string;
  readonly body: unknown;
  /** How the caller was known, in the cloud's words; "none" or "refused". */
  readonly auth: string;
  /** 0 = no answer was sent. */
  readonly status: number;
  /** The fault that acted. */
  readonly fault?: string;
  readonly userAgent?: string;
}

/** What a fake knows of a request besides its bytes. */
export interface RequestRecord extends Pick<LoggedRequest, "at" | "path" | "query" | "operation" | "body" | "auth"> {
  readonly outcome: Outcome;
  readonly fault: FakeFault | undefined;
}

/** The oldest entries go when there are more. */
const MAX_ENTRIES = 20_000;

export class RequestLog {
  #entries: LoggedRequest[] = [];

  add(entry: LoggedRequest): void {
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries = this.#entries.slice(-MAX_ENTRIES / 2);
  }

  record({ method, headers }: Incoming, { outcome, fault, ...known }: RequestRecord): void {
    const userAgent = headers["user-agent"];
    this.add({
      ...known,
      method,
      status: statusOf(outcome),
      ...(fault === undefined ? {} : { fault: fault.fault }),
      ...(userAgent === undefined ? {} : { userAgent }),
    });
  }

  entries(): readonly LoggedRequest[] {
    return [...this.#entries];
  }

  clear(): void {
    this.#entries = [];
  }
}
