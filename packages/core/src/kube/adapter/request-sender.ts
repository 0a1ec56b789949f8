// How a request reaches the server: under the rate limit, with fresh credentials, within its time; and what its answer means.

import type { IncomingMessage } from "node:http";
import type { KubeObject } from "../../api/index.ts";
import type { Clock, TokenBucket } from "../../runtime/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import type { Duration } from "../../units/index.ts";
import type { WatchEvent } from "../client.ts";
import { KubeError } from "../errors.ts";
import type { ApiCall } from "./api-call.ts";
import type { Connection, Credentials } from "./credentials.ts";
import { createPool, exchange, readText, type ConnectionPool, type HttpRequest } from "./http-transport.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import type { ServerTime } from "./server-time.ts";
import { answerError, noAnswerError } from "./status-error.ts";
import { parseWatchEvents } from "./watch-stream.ts";

export interface SenderOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bucket: TokenBucket;
  readonly userAgent: string;
  readonly requestTimeout: Duration;
  /** Learns what time it is from every answer (RT-40). */
  readonly serverTime?: ServerTime;
  readonly measuring?: RequestMetrics;
}

interface Answer {
  readonly message: IncomingMessage;
  readonly request: HttpRequest;
}

/** Distinct warnings remembered so that each is logged once. */
const MOST_WARNINGS = 100;

export class RequestSender {
  readonly #options: SenderOptions;
  readonly #warnings = new Set<string>();
  #pool: { readonly transportId: string; readonly pool: ConnectionPool } | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** The parsed body of a 2xx answer. @throws KubeError on every other one */
  async send(call: ApiCall): Promise<unknown> {
    const { bucket, clock } = this.#options;
    call.signal?.throwIfAborted();
    const wait = bucket.reserve();
    if (wait > 0) await clock.sleep(wait, call.signal === undefined ? {} : { signal: call.signal });
    return clock.during(async () => {
      const { message, request } = await this.#request(call);
      const text = await readText(message, request);
      return parseBody(call.what, message.statusCode ?? 0, text);
    });
  }

  /** The events of a watch; it counts in no rate limit and has no time limit of its own (RT-22). */
  async *stream<T extends KubeObject>(call: ApiCall): AsyncGenerator<WatchEvent<T>, void, undefined> {
    if (call.signal?.aborted) return;
    let message: IncomingMessage | undefined;
    const stop = (): void => void message?.destroy();
    call.signal?.addEventListener("abort", stop, { once: true });
    try {
      ({ message } = await this.#request(call));
      if (call.signal?.aborted) return;
      yield* parseWatchEvents<T>(call.what, textOf(message));
    } catch (error) {
      if (call.signal?.aborted) return;
      throw KubeError.is(error) ? error : noAnswerError(call.what, error);
    } finally {
      call.signal?.removeEventListener("abort", stop);
      message?.destroy();
    }
  }

  /** Asks once more with new credentials after a 401, which may be a rotated token (RT-23). */
  async #request(call: ApiCall): Promise<Answer> {
    const connection = await this.#credentials(call, () => this.#options.credentials.current());
    const first = await this.#exchange(call, connection);
    if (first.message.statusCode !== 401) return this.#accepted(call, first);
    const renewed = await this.#credentials(call, () => this.#options.credentials.renew());
    if (renewed === connection) return this.#accepted(call, first);
    first.message.resume();
    return this.#accepted(call, await this.#exchange(call, renewed));
  }

  async #credentials(call: ApiCall, read: () => Promise<Connection>): Promise<Connection> {
    try {
      return await read();
    } catch (error) {
      throw new KubeError(0, "Unauthorized", `${call.what}: credentials cannot be read`, { cause: error });
    }
  }

  async #exchange(call: ApiCall, connection: Connection): Promise<Answer> {
    const { requestTimeout, userAgent } = this.#options;
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
    const request: HttpRequest = {
      method: call.method,
      path: call.path,
      headers: {
        accept: "application/json",
        "user-agent": userAgent,
        ...(call.body === undefined ? {} : { "content-type": call.contentType ?? "application/json" }),
      },
      ...body,
      what: call.what,
      timeout: requestTimeout,
      deadline: AbortSignal.timeout(requestTimeout),
      signal: call.signal,
    };
    const heard = this.#options.serverTime?.asked();
    const measured = this.#options.measuring?.asked(call, connection.url.host);
    let code: number | undefined;
    try {
      const message = await exchange(this.#poolFor(connection), connection, request);
      code = message.statusCode;
      heard?.(message.headers);
      return { message, request };
    } finally {
      measured?.(code);
    }
  }

  async #accepted(call: ApiCall, answer: Answer): Promise<Answer> {
    const { message, request } = answer;
    const code = message.statusCode ?? 0;
    this.#logWarnings(message);
    if (code >= 200 && code < 300) return answer;
    throw answerError(call.what, code, await readText(message, request), message.headers["retry-after"]);
  }

  #poolFor(connection: Connection): ConnectionPool {
    if (this.#pool?.transportId !== connection.transportId) {
      this.#pool = { transportId: connection.transportId, pool: createPool(connection) };
    }
    return this.#pool.pool;
  }

  /** Deprecations and unknown fields, as the server tells them in `Warning: 299 - "text"`. */
  #logWarnings(message: IncomingMessage): void {
    const header = message.headers["warning"];
    if (header === undefined) return;
    for (const [, text = ""] of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
      if (this.#warnings.has(text) || this.#warnings.size >= MOST_WARNINGS) continue;
      this.#warnings.add(text);
      this.#options.logger.warn("the api server warns", { warning: text });
    }
  }
}

async function* textOf(message: IncomingMessage): AsyncGenerator<string, void, undefined> {
  message.setEncoding("utf8");
  for await (const chunk of message) yield chunk as string;
}

function parseBody(what: string, code: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KubeError(0, "Unknown", `${what}: answer ${code} is not JSON`, { cause: error });
  }
}
