// The port to Scaleway's APIs: one call, one answer or one error that says everything the API told.

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface ApiRequest {
  /** From the root of the API, e.g. `/instance/v1/zones/fr-par-1/servers`. */
  readonly path: string;
  /** The path with zone and ids replaced by names: for logs, metrics and error texts. */
  readonly route: string;
  readonly query?: Readonly<Record<string, string>>;
  /** A text is sent raw as text/plain (user data), anything else as JSON. */
  readonly body?: string | Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** What the call does, for the audit record: `server gpu-x7k2p: terminate`. */
  readonly note?: string;
}

export interface ApiAnswer {
  /** Parsed JSON; undefined for an empty answer. */
  readonly data: unknown;
  readonly status: number;
}

export interface ScalewayApi {
  /** @throws ScalewayApiError */
  call(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer>;
}

export interface ErrorDetail {
  readonly resource?: string;
  readonly quota?: number;
  readonly current?: number;
  readonly action?: string;
  readonly argument?: string;
  readonly help?: string;
}

export interface ApiErrorFacts {
  readonly method: HttpMethod;
  readonly route: string;
  /** Absent when no answer came. */
  readonly status?: number;
  /** The body's `type`: it decides before the status does (§1.4). */
  readonly type?: string;
  readonly resource?: string;
  readonly resourceId?: string;
  readonly precondition?: string;
  readonly details: readonly ErrorDetail[];
  readonly retryAfterMs?: number;
  /** What the API or the network said, at most 500 characters. */
  readonly said: string;
  /** The request may have been carried out although no usable answer came. */
  readonly outcomeUnknown: boolean;
}

export class ScalewayApiError extends Error {
  override readonly name = "ScalewayApiError";
  readonly facts: ApiErrorFacts;

  constructor(facts: ApiErrorFacts, options: { readonly cause?: unknown } = {}) {
    super(describe(facts), options);
    this.facts = facts;
  }
}

function describe({ method, route, status, type, said }: ApiErrorFacts): string {
  const answer = status === undefined ? "no answer" : String(status);
  return `${method} ${route}: ${answer}${type === undefined ? "" : ` ${type}`}: ${said}`;
}
