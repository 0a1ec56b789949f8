// Carries calls over plain HTTP with our own signatures or access tokens: for what node-ovh cannot do, which is OAuth2, proxies and http (O-1).

import { AccessTokens } from "./access-tokens.ts";
import { orAbort } from "./abortable.ts";
import { isClockError } from "./clock-error.ts";
import type { OvhCredentials } from "./credentials.ts";
import type { Endpoint } from "./endpoints.ts";
import { urlOf } from "./endpoints.ts";
import { errorFacts } from "./error-facts.ts";
import type { ApiAnswer, ApiRequest, HttpMethod, OvhApi } from "./ovh-api.ts";
import { OvhApiError } from "./ovh-api.ts";
import { exchange } from "./plain-request.ts";
import type { PlainAnswer } from "./plain-request.ts";
import { signatureOf } from "./request-signature.ts";
import { refuseUnsafePath } from "./safe-path.ts";
import { ServerTime } from "./server-time.ts";
import { READ_TIMEOUT_MS, WRITE_TIMEOUT_MS } from "./timeouts.ts";
import { wallClock } from "./wall-clock.ts";

/** What goes over the wire. */
interface Written {
  readonly method: HttpMethod;
  readonly url: string;
  readonly body: string;
}

export interface NativeOptions {
  /** Hears of each difference between the API's clock and ours, in seconds. */
  readonly onTimeDelta?: (seconds: number) => void;
  /** Shared with another transport. */
  readonly time?: ServerTime;
}

export class NativeTransport implements OvhApi {
  readonly #endpoint: Endpoint;
  readonly #credentials: OvhCredentials;
  readonly #time: ServerTime;
  readonly #tokens: AccessTokens | undefined;

  constructor(endpoint: Endpoint, credentials: OvhCredentials, options: NativeOptions = {}) {
    this.#endpoint = endpoint;
    this.#credentials = credentials;
    this.#time = options.time ?? new ServerTime(() => this.#askTime(), options.onTimeDelta);
    this.#tokens =
      credentials.kind === "service-account"
        ? new AccessTokens({ ...credentials, tokenUrl: endpoint.tokenUrl })
        : undefined;
  }

  async call(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    refuseUnsafePath(request.path);
    const written = write(this.#endpoint, method, request);
    const headers = await orAbort(this.#headers(written), request.signal);
    try {
      return await this.#send(written, headers, request);
    } catch (error) {
      if (!this.#isCurable(error, headers)) throw error;
      return this.#send(written, await orAbort(this.#headers(written), request.signal), request);
    }
  }

  /** A clock that is off, or a token that ended: once more with a new one (O-62). */
  #isCurable(error: unknown, headers: Readonly<Record<string, string>>): boolean {
    if (isClockError(error) && this.#credentials.kind === "application-keys") {
      this.#time.forget();
      return true;
    }
    const isRefused = error instanceof OvhApiError && error.facts.status === 401;
    if (!isRefused || this.#tokens === undefined) return false;
    this.#tokens.refused((headers["Authorization"] ?? "").replace(/^Bearer /, ""));
    return true;
  }

  async #headers({ method, url, body }: Written): Promise<Readonly<Record<string, string>>> {
    const common = { Accept: "application/json", ...(body === "" ? {} : { "Content-Type": "application/json" }) };
    const credentials = this.#credentials;
    switch (credentials.kind) {
      case "application-keys": {
        const { applicationKey, applicationSecret, consumerKey } = credentials;
        const timestamp = Math.round(wallClock() / 1000) + (await this.#time.delta());
        return {
          ...common,
          "X-Ovh-Application": applicationKey,
          "X-Ovh-Consumer": consumerKey,
          "X-Ovh-Timestamp": String(timestamp),
          "X-Ovh-Signature": signatureOf({ applicationSecret, consumerKey, method, url, body, timestamp }),
        };
      }
      case "service-account":
        return { ...common, Authorization: `Bearer ${(await this.#tokens?.token()) ?? ""}` };
      case "access-token":
        return { ...common, Authorization: `Bearer ${credentials.accessToken}` };
    }
  }

  async #askTime(): Promise<number> {
    const path = "/auth/time";
    const request = { path, route: path, signal: new AbortController().signal };
    const written = write(this.#endpoint, "GET", request);
    const { data } = await this.#send(written, { Accept: "application/json" }, request);
    if (typeof data === "number") return data;
    const said = "the answer is not a time";
    throw new OvhApiError({ method: "GET", route: path, status: 200, said, outcomeUnknown: false });
  }

  async #send(
    { method, url, body }: Written,
    headers: Readonly<Record<string, string>>,
    request: ApiRequest,
  ): Promise<ApiAnswer> {
    const limit = AbortSignal.timeout(method === "GET" ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS);
    const signal = AbortSignal.any([request.signal, limit]);
    const about = { method, route: request.route };
    let answer: PlainAnswer;
    try {
      answer = await exchange({ method, url, headers, ...(body === "" ? {} : { body }), signal });
    } catch (error) {
      request.signal.throwIfAborted();
      const said = limit.aborted ? { said: "no answer in time" } : {};
      const facts = errorFacts({ ...about, body: "", headers: {}, thrown: error, ...said });
      throw new OvhApiError(facts, limit.aborted ? {} : { cause: error });
    }
    const { status, text } = answer;
    const data = status < 300 ? parsed(text) : UNREADABLE;
    if (data === UNREADABLE) {
      throw new OvhApiError(
        errorFacts({ ...about, status, body: text, headers: answer.headers, thrown: `status ${status}` }),
      );
    }
    const queryId = answer.headers["x-ovh-queryid"];
    return { status, data, ...(typeof queryId === "string" ? { queryId } : {}) };
  }
}

const UNREADABLE = Symbol("unreadable");

/** Null and nothing are the same success (T-79). */
function parsed(text: string): unknown {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return UNREADABLE;
  }
}

function write(endpoint: Endpoint, method: HttpMethod, { path, query, body }: ApiRequest): Written {
  const search = new URLSearchParams({ ...query }).toString();
  const url = urlOf(endpoint, path) + (search === "" ? "" : `?${search}`);
  return { method, url, body: body === undefined ? "" : JSON.stringify(body) };
}
