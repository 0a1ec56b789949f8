// One HTTP exchange with the API server over node:http(s): connections are kept alive, their number has no cap, because every watch holds one (RT-22).

import http from "node:http";
import https from "node:https";
import type { Duration } from "../../units/index.ts";
import type { Connection } from "./credentials.ts";
import { noAnswerError, timeoutError } from "./status-error.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Names the request in errors: "get pods a/b". */
  readonly what: string;
  /** Real time: the server does not know our clock. */
  readonly timeout: Duration;
  /** Aborts when the timeout has passed; not ours once a watch has begun. */
  readonly deadline: AbortSignal;
  readonly signal: AbortSignal | undefined;
}

/** TCP keep-alive notices a dead peer (RT-5). */
const KEEP_ALIVE_MS = 30_000;
/** Idle connections go before a server or a load balancer drops them unseen. */
const IDLE_SOCKET_MS = 55_000;

export interface ConnectionPool {
  readonly agent: http.Agent;
}

export function createPool(connection: Connection): ConnectionPool {
  if (connection.proxyAgent !== undefined) return { agent: connection.proxyAgent };
  const options = {
    keepAlive: true,
    keepAliveMsecs: KEEP_ALIVE_MS,
    maxSockets: Number.POSITIVE_INFINITY,
    timeout: IDLE_SOCKET_MS,
    scheduling: "lifo" as const,
  };
  return connection.url.protocol === "http:"
    ? { agent: new http.Agent(options) }
    : { agent: new https.Agent({ ...options, ...connection.tls }) };
}

/**
 * Resolves with the head of the answer; its body is still to be read.
 *
 * @throws KubeError code 0 without an answer; the signal's reason when aborted
 */
export async function exchange(
  pool: ConnectionPool,
  connection: Connection,
  request: HttpRequest,
): Promise<http.IncomingMessage> {
  try {
    return await exchangeOnce(pool, connection, request);
  } catch (error) {
    // A kept connection that the server closed meanwhile: nothing was read, and a read may be asked twice.
    if (request.method !== "GET" || !(error instanceof StaleConnection)) throw unwrapped(error);
  }
  try {
    return await exchangeOnce(pool, connection, request);
  } catch (error) {
    throw unwrapped(error);
  }
}

class StaleConnection extends Error {
  readonly answer: Error;

  constructor(answer: Error) {
    super(answer.message);
    this.answer = answer;
  }
}

function unwrapped(error: unknown): unknown {
  return error instanceof StaleConnection ? error.answer : error;
}

function exchangeOnce(
  pool: ConnectionPool,
  connection: Connection,
  request: HttpRequest,
): Promise<http.IncomingMessage> {
  const { signal, deadline, what } = request;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    if (deadline.aborted) return reject(timeoutError(what, request.timeout / 1000));
    const outgoing = send(pool, connection, request);
    const onTimeout = (): void => {
      fail(timeoutError(what, request.timeout / 1000));
    };
    const onAbort = (): void => {
      fail(signal?.reason as Error);
    };
    const settle = (): void => {
      deadline.removeEventListener("abort", onTimeout);
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
      outgoing.destroy();
    };
    deadline.addEventListener("abort", onTimeout, { once: true });
    signal?.addEventListener("abort", onAbort, { once: true });
    outgoing.on("response", (answer) => {
      settle();
      resolve(answer);
    });
    outgoing.on("error", (error) => {
      const reported = noAnswerError(what, error);
      fail(outgoing.reusedSocket ? new StaleConnection(reported) : reported);
    });
    outgoing.end(request.body);
  });
}

function send(pool: ConnectionPool, connection: Connection, request: HttpRequest): http.ClientRequest {
  const { url } = connection;
  const body = request.body === undefined ? {} : { "content-length": String(Buffer.byteLength(request.body)) };
  const options: https.RequestOptions = {
    agent: pool.agent,
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port,
    method: request.method,
    path: `${url.pathname.replace(/\/$/, "")}${request.path}`,
    headers: { ...connection.headers, ...request.headers, ...body },
    ...(connection.auth === undefined ? {} : { auth: connection.auth }),
  };
  return url.protocol === "http:" ? http.request(options) : https.request(options);
}

/**
 * The whole body as text.
 *
 * @throws KubeError code 0 when it breaks off or does not end in time; the signal's reason when aborted
 */
export async function readText(answer: http.IncomingMessage, request: HttpRequest): Promise<string> {
  const { signal, deadline, what } = request;
  const stop = (): void => void answer.destroy();
  deadline.addEventListener("abort", stop, { once: true });
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (signal?.aborted || deadline.aborted) stop();
    answer.setEncoding("utf8");
    let text = "";
    for await (const chunk of answer) text += chunk as string;
    return text;
  } catch (error) {
    answer.destroy();
    if (signal?.aborted) throw signal.reason;
    throw deadline.aborted ? timeoutError(what, request.timeout / 1000) : noAnswerError(what, error);
  } finally {
    deadline.removeEventListener("abort", stop);
    signal?.removeEventListener("abort", stop);
  }
}
