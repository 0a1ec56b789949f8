// Carries calls through @scaleway/sdk-client: its authentication, its error bodies, none of its waiters; retrying is ours (§1.3).

import { AsyncLocalStorage } from "node:async_hooks";

import { createAdvancedClient, withHTTPClient, withProfile, withUserAgentSuffix } from "@scaleway/sdk-client";
import type { Client } from "@scaleway/sdk-client";

import { apiError } from "./error-facts.ts";
import type { ApiAnswer, ApiRequest, HttpMethod, ScalewayApi } from "./scaleway-api.ts";

export interface TransportOptions {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly apiURL: string;
  readonly version: string;
  readonly timeoutMs: number;
  /** For a Retry at a named moment. */
  readonly now: () => number;
  /** @defaultValue the process's own */
  readonly fetch?: typeof globalThis.fetch;
}

interface BesideCall {
  readonly signal: AbortSignal;
  retryAfter?: string;
  status?: number;
}

export class SdkTransport implements ScalewayApi {
  readonly #client: Client;
  readonly #options: TransportOptions;
  /** The SDK has no parameter for a signal, and its errors hold no headers: both travel beside the call. */
  readonly #beside = new AsyncLocalStorage<BesideCall>();

  /** @throws when the keys are not in the form the SDK wants; the message holds neither of them */
  constructor(options: TransportOptions) {
    this.#options = options;
    const { accessKey, secretKey, apiURL, version } = options;
    this.#client = createAdvancedClient(
      withProfile({ accessKey, secretKey, apiURL }),
      withHTTPClient((input) => this.#send(input)),
      withUserAgentSuffix(`karpenter-scaleway/${version}`),
    );
  }

  async call(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    const { path, query, body, signal } = request;
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(this.#options.timeoutMs);
    const beside: BesideCall = { signal: AbortSignal.any([signal, limit]) };
    try {
      const data = await this.#beside.run(beside, () =>
        this.#client.fetch<unknown>(
          {
            method,
            path,
            ...(query === undefined ? {} : { urlParams: new URLSearchParams(query) }),
            ...bodyOf(body),
          },
          (answer) => answer,
        ),
      );
      return { data, status: beside.status ?? 200 };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw apiError(method, request, error, { now: this.#options.now(), retryAfterHeader: beside.retryAfter });
    }
  }

  /** JSON under a longer name is JSON too: the SDK compares the header exactly (§1.1, T-45). */
  async #send(input: string | URL | Request): Promise<Response> {
    const send = this.#options.fetch ?? globalThis.fetch;
    const beside = this.#beside.getStore();
    const response = await send(input, beside === undefined ? {} : { signal: beside.signal });
    if (beside !== undefined) beside.status = response.status;
    const retryAfter = response.headers.get("retry-after");
    if (beside !== undefined && retryAfter !== null) beside.retryAfter = retryAfter;
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("application/json") || type === "application/json" || response.status === 204) return response;
    const headers = new Headers(response.headers);
    headers.set("content-type", "application/json");
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
  }
}

function bodyOf(body: ApiRequest["body"]): {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
} {
  if (body === undefined) return {};
  if (typeof body === "string") return { body, headers: { "Content-Type": "text/plain" } };
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json; charset=utf-8" } };
}
