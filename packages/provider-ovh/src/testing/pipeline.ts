// One request from its bytes to its answer: route, fault, caller, handler, log.

import {
  afterwards,
  instead,
  losesAnswer,
  plain,
  Reply,
  RequestRate,
} from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Answer, Incoming, Outcome, RequestRecord } from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError, errorAnswer } from "./api-error.ts";
import { authenticate } from "./auth.ts";
import type { Caller } from "./auth.ts";
import type { Backend } from "./backend.ts";
import type { FakeFault } from "./faults.ts";
import { judgePost, noteLostPost } from "./post-watch.ts";
import type { Posted } from "./post-watch.ts";
import type { Matched } from "./router.ts";
import { apiPath, Router } from "./router.ts";
import { ACCOUNT_ROUTES, ADMIN_ROUTES, KUBE_ROUTES, PROJECT_ROUTES, TOKEN_ROUTES } from "./routes/index.ts";
import { isRecord } from "./world/body-fields.ts";

const API = new Router([...KUBE_ROUTES, ...PROJECT_ROUTES, ...ACCOUNT_ROUTES]);
const ROOT = new Router([...TOKEN_ROUTES, ...ADMIN_ROUTES]);

interface Located {
  readonly path: string;
  readonly apiPath: string;
  readonly query: URLSearchParams;
  readonly matched: Matched | ApiError;
}

export class Pipeline {
  readonly #backend: Backend;
  readonly #rate = new RequestRate();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async handle(incoming: Incoming): Promise<Outcome> {
    const located = locate(incoming);
    const { matched } = located;
    if (matched instanceof ApiError) return this.#unrouted(incoming, located, matched);
    if (located.apiPath.startsWith("/_fake/")) {
      return plain(await this.#run(incoming, located, matched, { kind: "none" }));
    }
    this.#countRequest();
    const operation = matched.route.operation;
    const fault = this.#backend.faults.forRequest({ method: incoming.method, path: located.path, operation });
    this.#watchPost(incoming, matched, fault);
    const before = fault === undefined ? undefined : instead(fault, usualAnswer);
    if (before !== undefined) {
      this.#log(incoming, located, operation, { auth: "none", outcome: before, fault });
      return before;
    }
    const { answer, auth } = await this.#serve(incoming, located, matched);
    const outcome = fault === undefined ? plain(answer) : afterwards(fault, answer);
    this.#log(incoming, located, operation, { auth, outcome, fault });
    return outcome;
  }

  async #serve(
    incoming: Incoming,
    located: Located,
    matched: Matched,
  ): Promise<{ readonly answer: Answer; readonly auth: Caller["kind"] | "refused" }> {
    try {
      const caller = this.#caller(incoming, located, matched);
      return { answer: await this.#run(incoming, located, matched, caller), auth: caller.kind };
    } catch (error) {
      return { answer: answerFor(error), auth: "refused" };
    }
  }

  #caller(incoming: Incoming, located: Located, { route }: Matched): Caller {
    if (route.access === "open") return { kind: "none" };
    const { keyring, switches, invariants, seed } = this.#backend;
    const ruled = route.access === "ruled";
    return authenticate(
      { keyring, switches, invariants, publicUrl: seed.publicUrl },
      { ...incoming, apiPath: located.apiPath, iamAction: route.iamAction, ruled },
    );
  }

  async #run(incoming: Incoming, located: Located, { route, params }: Matched, caller: Caller): Promise<Answer> {
    try {
      const result = await route.handle({
        backend: this.#backend,
        method: incoming.method,
        path: located.apiPath,
        params,
        query: located.query,
        headers: incoming.headers,
        body: parsedBody(incoming),
        caller,
        origin: `${incoming.scheme}://${incoming.headers["host"] ?? "localhost"}`,
      });
      if (result instanceof Reply) return result.answer;
      if (result !== undefined) return { status: 200, body: result };
      return this.#backend.switches.emptyAnswer === "null" ? { status: 200, body: null } : { status: 200 };
    } catch (error) {
      return answerFor(error);
    }
  }

  #unrouted(incoming: Incoming, located: Located, error: ApiError): Outcome {
    const outcome = plain(error.answer);
    this.#log(incoming, located, "", { auth: "none", outcome, fault: undefined });
    return outcome;
  }

  /** Judged whether or not the fault lets it through: a retry is a retry. */
  #watchPost(incoming: Incoming, { route, params }: Matched, fault: FakeFault | undefined): void {
    if (route.operation !== "createPool") return;
    const { world, posts, invariants } = this.#backend;
    const cluster = world.ground.clusters.get(params["kubeId"] ?? "");
    const body = safeBody(incoming);
    const name = isRecord(body) ? body["name"] : undefined;
    if (cluster === undefined || typeof name !== "string") return;
    const posted: Posted = { cluster, name, now: world.ground.clock.now() };
    judgePost(posts, invariants, posted);
    if (fault !== undefined && losesAnswer(fault)) noteLostPost(posts, posted);
  }

  #countRequest(): void {
    const { switches, invariants } = this.#backend;
    if (!this.#rate.passes(switches.maxRequestsPerSecond)) return;
    invariants.record("TooManyRequests", `more than ${switches.maxRequestsPerSecond} requests in a second`);
  }

  #log(
    incoming: Incoming,
    located: Located,
    operation: string,
    result: Pick<RequestRecord, "auth" | "outcome" | "fault">,
  ): void {
    this.#backend.log.record(incoming, {
      ...result,
      at: this.#backend.world.ground.clock.now(),
      path: located.path,
      query: located.query.toString(),
      operation,
      body: operation === "getToken" ? undefined : safeBody(incoming),
    });
  }
}

function locate({ method, target }: Incoming): Located {
  const [path = "/", search = ""] = splitOnce(target, "?");
  const below = apiPath(path);
  const admin = /^(?:\/1\.0)?(\/_fake\/.*)$/.exec(path)?.[1];
  const shown = admin ?? below ?? path;
  const router = admin === undefined && below !== undefined ? API : ROOT;
  const query = new URLSearchParams(search);
  try {
    return { path, apiPath: shown, query, matched: router.match(method, shown) };
  } catch (error) {
    if (error instanceof ApiError) return { path, apiPath: shown, query, matched: error };
    throw error;
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function parsedBody({ headers, body }: Incoming): unknown {
  if (body.length === 0) return undefined;
  const text = body.toString("utf8");
  if (headers["content-type"]?.includes("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError(400, "The body is not valid JSON");
  }
}

function safeBody(incoming: Incoming): unknown {
  try {
    return parsedBody(incoming);
  } catch {
    return incoming.body.toString("utf8");
  }
}

function answerFor(error: unknown): Answer {
  if (error instanceof ApiError) return error.answer;
  return errorAnswer(500, error instanceof Error ? error.message : String(error));
}

/** How the API itself would put the status of a fault. */
function usualAnswer({ errorCode, message }: FakeFault, status: number): Answer {
  return errorAnswer(status, message, errorCode === undefined ? {} : { errorCode });
}
