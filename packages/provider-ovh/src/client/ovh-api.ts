// The port to the OVHcloud API: one call, one answer or one error that says everything the API told (O-1).

export type HttpMethod = "GET" | "POST" | "PUT" | "DELETE";

export interface ApiRequest {
  /** Below the base path, e.g. `/cloud/project/…`; segments already encoded. */
  readonly path: string;
  /** The path with ids replaced by names: for logs, metrics and error texts. */
  readonly route: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** What the call does, for the audit record: `pool karpenter-b3-8-gra11-a: desiredNodes 2 to 3`. */
  readonly note?: string;
  /** False: never sent twice, because the caller must look first whether the first one was carried out. @defaultValue true, except for POST */
  readonly repeatable?: boolean;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; null for an empty body. */
  readonly data: unknown;
  readonly queryId?: string;
}

/** Two transports implement it; guards are put around them. */
export interface OvhApi {
  /** @throws OvhApiError */
  call(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer>;
}

export interface OvhApiErrorFacts {
  readonly method: HttpMethod;
  readonly route: string;
  /** Absent when no answer came. */
  readonly status?: number;
  readonly errorCode?: string;
  readonly errorClass?: string;
  readonly queryId?: string;
  readonly retryAfterMs?: number;
  /** From details.unauthorizedActionsByIAM. */
  readonly missingAction?: string;
  /** What the API (or the network) said. */
  readonly said: string;
  /** The request may have been carried out although no usable answer came. */
  readonly outcomeUnknown: boolean;
}

export class OvhApiError extends Error {
  override readonly name = "OvhApiError";
  readonly facts: OvhApiErrorFacts;

  constructor(facts: OvhApiErrorFacts, options: { readonly cause?: unknown } = {}) {
    super(describe(facts), options);
    this.facts = facts;
  }
}

function describe(facts: OvhApiErrorFacts): string {
  const status = facts.status === undefined ? "no answer" : String(facts.status);
  const code = facts.errorCode === undefined ? "" : ` ${facts.errorCode}`;
  const query = facts.queryId === undefined ? "" : ` (query id ${facts.queryId})`;
  return `${facts.method} ${facts.route}: ${status}${code}: ${facts.said}${query}`;
}
