// What a fake cloud received, and what it does with the connection: an answer, a cut one, or silence.

import type { FakeFault } from "./faults.ts";

export interface Answer {
  readonly status: number;
  /** A string is sent as it stands; anything else as JSON. `undefined` = an empty answer. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Incoming {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly scheme: "http" | "https";
}

export type Outcome =
  | { readonly kind: "answer"; readonly answer: Answer; readonly delayMs: number; readonly cut?: string | true }
  /** No answer: silence, and after `delayMs` (when given) a reset. */
  | { readonly kind: "silence"; readonly delayMs: number | undefined };

/** An answer that is not simply JSON with status 200. */
export class Reply {
  readonly answer: Answer;

  constructor(answer: Answer) {
    this.answer = answer;
  }
}

export function plain(answer: Answer): Outcome {
  return { kind: "answer", answer, delayMs: 0 };
}

/** What happens in place of the handler; undefined = the request is served. `usual`: how this API says no. */
export function instead<Fault extends FakeFault>(
  fault: Fault,
  usual: (fault: Fault, status: number) => Answer,
): Outcome | undefined {
  if (fault.fault === "timeoutBefore") return { kind: "silence", delayMs: fault.delayMs };
  if (fault.fault === "drop") return { kind: "silence", delayMs: fault.delayMs ?? 0 };
  if (fault.fault !== "status") return undefined;
  const { body, headers, status = 500 } = fault;
  const known = usual(fault, status);
  const answer = { ...known, ...(body === undefined ? {} : { body }), headers: { ...known.headers, ...headers } };
  return { kind: "answer", answer, delayMs: fault.delayMs ?? 0 };
}

export function afterwards(fault: FakeFault, answer: Answer): Outcome {
  const delayMs = fault.delayMs ?? 0;
  if (fault.fault === "timeoutAfter") return { kind: "silence", delayMs: fault.delayMs };
  if (fault.fault === "malformed") return { kind: "answer", answer, delayMs, cut: fault.body ?? true };
  return { kind: "answer", answer, delayMs };
}

/** May the request have been carried out although its caller hears nothing of it? */
export function losesAnswer({ fault, status = 500 }: FakeFault): boolean {
  return fault !== "slow" && (fault !== "status" || status >= 500 || status === 408);
}

export function statusOf(outcome: Outcome): number {
  return outcome.kind === "answer" ? outcome.answer.status : 0;
}
