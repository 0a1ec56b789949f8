// Carries calls through the official client for Node, and makes up for what it loses: status and body of errors, cancellation, clock skew.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";

import ovh from "@ovhcloud/node-ovh";

import { orAbort } from "./abortable.ts";
import { isClockError } from "./clock-error.ts";
import type { ApplicationKeys } from "./credentials.ts";
import type { Endpoint } from "./endpoints.ts";
import { errorFacts } from "./error-facts.ts";
import { NativeTransport } from "./native-transport.ts";
import type { ApiAnswer, ApiRequest, HttpMethod, OvhApi } from "./ovh-api.ts";
import { OvhApiError } from "./ovh-api.ts";
import { refuseUnsafePath } from "./safe-path.ts";
import { ServerTime } from "./server-time.ts";
import { READ_TIMEOUT_MS, WRITE_TIMEOUT_MS } from "./timeouts.ts";

const REQUEST_CREATED = "http.client.request.created";
const LARGEST_BODY = 64 * 1024 * 1024;

/** What one request's traffic showed besides what the library hands on. */
interface Traffic {
  request?: ClientRequest;
  response?: IncomingMessage;
  body: string;
}

export class NodeOvhTransport implements OvhApi {
  readonly #client: ovh.Client;
  readonly #time: ServerTime;
  readonly #native: NativeTransport;

  constructor(endpoint: Endpoint, credentials: Omit<ApplicationKeys, "kind">, onTimeDelta?: (seconds: number) => void) {
    this.#time = new ServerTime(() => this.#askTime(), onTimeDelta);
    this.#native = new NativeTransport(endpoint, { ...credentials, kind: "application-keys" }, { time: this.#time });
    if (endpoint.protocol !== "https:")
      throw new Error(`endpoint "${endpoint.name}": this transport speaks https only`);
    this.#client = ovh({
      host: endpoint.host,
      port: endpoint.port,
      basePath: endpoint.basePath,
      appKey: credentials.applicationKey,
      appSecret: credentials.applicationSecret,
      consumerKey: credentials.consumerKey,
      warn: () => {},
    });
  }

  async call(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    refuseUnsafePath(request.path);
    // The library signs nothing below /auth.
    if (request.path.startsWith("/auth/")) return this.#native.call(method, request);
    await this.#alignTime(request.signal);
    try {
      return await this.#send(method, request);
    } catch (error) {
      if (!isClockError(error)) throw error;
      this.#time.forget();
      await this.#alignTime(request.signal);
      return this.#send(method, request);
    }
  }

  /** The library itself would ask per call and never again. */
  async #alignTime(signal: AbortSignal): Promise<void> {
    this.#client.apiTimeDiff = await orAbort(this.#time.delta(), signal);
  }

  async #askTime(): Promise<number> {
    const path = "/auth/time";
    const { data } = await this.#send("GET", { path, route: path, signal: new AbortController().signal });
    if (typeof data === "number") return data;
    const said = "the answer is not a time";
    throw new OvhApiError({ method: "GET", route: path, status: 200, said, outcomeUnknown: false });
  }

  async #send(method: HttpMethod, request: ApiRequest): Promise<ApiAnswer> {
    const limit = AbortSignal.timeout(method === "GET" ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS);
    const signal = AbortSignal.any([request.signal, limit]);
    signal.throwIfAborted();
    const traffic: Traffic = { body: "" };
    const answer = this.#start(method, request, traffic);
    const stop = (): void => void traffic.request?.destroy(new Error("the call was given up"));
    signal.addEventListener("abort", stop, { once: true });
    try {
      const data = await orAbort(answer, signal);
      const queryId = header(traffic, "x-ovh-queryid");
      return {
        status: traffic.response?.statusCode ?? 200,
        data: data ?? null,
        ...(queryId === undefined ? {} : { queryId }),
      };
    } catch (error) {
      request.signal.throwIfAborted();
      const said = limit.aborted ? "no answer in time" : undefined;
      throw new OvhApiError(
        errorFacts({
          method,
          route: request.route,
          thrown: error,
          ...answerOf(traffic),
          ...(said === undefined ? {} : { said }),
        }),
        { cause: causeOf(error) },
      );
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** The library makes its request before it returns, so the request announced meanwhile is ours. */
  #start(method: HttpMethod, request: ApiRequest, traffic: Traffic): Promise<unknown> {
    const onCreated = (message: unknown): void => {
      traffic.request ??= (message as { request: ClientRequest }).request;
    };
    subscribe(REQUEST_CREATED, onCreated);
    try {
      const params = structuredClone(method === "GET" || method === "DELETE" ? request.query : request.body) ?? {};
      const path = method === "GET" || method === "DELETE" ? request.path : withQuery(request);
      const answer = Promise.resolve(this.#client.requestPromised(method, path, params));
      listen(traffic);
      return answer;
    } finally {
      unsubscribe(REQUEST_CREATED, onCreated);
    }
  }
}

function listen(traffic: Traffic): void {
  traffic.request?.once("response", (response: IncomingMessage) => {
    traffic.response = response;
    if ((response.statusCode ?? 500) < 300) return;
    response.on("data", (chunk: Buffer | string) => {
      if (traffic.body.length < LARGEST_BODY) traffic.body += String(chunk);
    });
  });
}

function answerOf(traffic: Traffic): { status?: number; body: string; headers: IncomingMessage["headers"] } {
  const status = traffic.response?.statusCode;
  return { ...(status === undefined ? {} : { status }), body: traffic.body, headers: traffic.response?.headers ?? {} };
}

function header(traffic: Traffic, name: string): string | undefined {
  const value = traffic.response?.headers[name];
  return typeof value === "string" ? value : undefined;
}

function withQuery(request: ApiRequest): string {
  const query = new URLSearchParams({ ...request.query }).toString();
  return query === "" ? request.path : `${request.path}?${query}`;
}

/** The original error of the network, when there is one; the library's own `{error, message}` says nothing more than the facts. */
function causeOf(thrown: unknown): unknown {
  if (thrown instanceof Error) return thrown;
  const inner = (thrown as { error?: unknown } | undefined)?.error;
  return inner instanceof Error ? inner : undefined;
}
