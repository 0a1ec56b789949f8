// The two small servers of the process: metrics for Prometheus, probes for the kubelet (OP-5, OP-6).

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { sortedKeys } from "../units/index.ts";

/** Undefined when well, else what is wrong; throwing counts as wrong. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>;

export interface ServersOptions {
  /** 0 takes any free port. */
  readonly metricsPort: number;
  readonly healthPort: number;
  /** @defaultValue all interfaces */
  readonly host?: string;
  readonly metrics: { render(): Promise<string> };
  /** Further pages on the port of the metrics, by path. @defaultValue none */
  readonly pages?: Readonly<Record<string, Page>>;
  readonly checks: {
    /** Failing ones get the process restarted. */
    readonly healthz?: Readonly<Record<string, HealthCheck>>;
    /** Failing ones keep the replica out of service. */
    readonly readyz?: Readonly<Record<string, HealthCheck>>;
  };
}

export interface RunningServers {
  /** As bound, also when 0 was asked for. */
  readonly metricsPort: number;
  readonly healthPort: number;
  close(): Promise<void>;
}

/** `gone` aborts when whoever asked no longer waits. */
export type Page = (query: URLSearchParams, gone: AbortSignal) => Answer | Promise<Answer>;

export interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
const NOT_FOUND: Answer = { code: 404, type: TEXT, body: "not found\n" };

export async function startServers(options: ServersOptions): Promise<RunningServers> {
  const { pages = {} } = options;
  const metrics = await listen(options.metricsPort, options.host, async (path, gone) => {
    const { pathname, searchParams } = path;
    if (pathname === "/metrics") return { code: 200, type: PROMETHEUS, body: await options.metrics.render() };
    const page = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined;
    return page ? await page(searchParams, gone) : NOT_FOUND;
  });
  try {
    const health = await listen(options.healthPort, options.host, (path) => probe(path, options.checks));
    return {
      metricsPort: portOf(metrics),
      healthPort: portOf(health),
      close: async () => {
        await Promise.all([close(metrics), close(health)]);
      },
    };
  } catch (error) {
    await close(metrics);
    throw error;
  }
}

async function probe(path: URL, checks: ServersOptions["checks"]): Promise<Answer> {
  if (path.pathname === "/healthz") return runChecks("healthz", checks.healthz ?? {}, path);
  if (path.pathname === "/readyz") return runChecks("readyz", checks.readyz ?? {}, path);
  return NOT_FOUND;
}

/** Answers in the API server's own form; the list is shown when asked for (?verbose) and when a check fails. */
async function runChecks(probeName: string, checks: Readonly<Record<string, HealthCheck>>, path: URL): Promise<Answer> {
  const named: Readonly<Record<string, HealthCheck>> = { ping: () => undefined, ...checks };
  const results = await Promise.all(
    sortedKeys(named).map(async (name) => ({ name, wrong: await outcome(named[name]) })),
  );
  const lines = results.map(({ name, wrong }) =>
    wrong === undefined ? `[+]${name} ok` : `[-]${name} failed: ${wrong}`,
  );
  const well = results.every(({ wrong }) => wrong === undefined);
  const verdict = `${probeName} check ${well ? "passed" : "failed"}`;
  const verbose = path.searchParams.has("verbose") || !well;
  return { code: well ? 200 : 500, type: TEXT, body: verbose ? [...lines, verdict, ""].join("\n") : "ok" };
}

async function outcome(check: HealthCheck | undefined): Promise<string | undefined> {
  try {
    return await check?.();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Responder = (path: URL, gone: AbortSignal) => Promise<Answer>;

function listen(port: number, host: string | undefined, answer: Responder): Promise<Server> {
  const server = createServer((request, response) => {
    void respond(request, response, answer);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

async function respond(request: IncomingMessage, response: ServerResponse, answer: Responder): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("nobody waits for the answer")));
  let result: Answer;
  try {
    const reads = request.method === "GET" || request.method === "HEAD";
    result = reads
      ? await answer(new URL(request.url ?? "/", "http://localhost"), gone.signal)
      : { ...NOT_FOUND, code: 405 };
  } catch (error) {
    result = { code: 500, type: TEXT, body: `${error instanceof Error ? error.message : String(error)}\n` };
  }
  response.writeHead(result.code, { "content-type": result.type });
  response.end(request.method === "HEAD" ? undefined : result.body);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
