// One request from its bytes to its answer: route, fault, caller, handler, log.

import { afterwards, instead, plain, Reply, RequestRate } from "@karpenter-multicloud/core/testing/fake-cloud";
import type {
  Answer,
  Incoming,
  Outcome,
  RequestFacts,
  RequestRecord,
} from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError, errorOfType } from "./api-error.ts";
import type { Backend } from "./backend.ts";
import type { FakeFault } from "./faults.ts";
import { checkRights, NOBODY } from "./keyring.ts";
import type { Caller } from "./keyring.ts";
import type { Matched } from "./router.ts";
import { emptyAnswer, Router } from "./router.ts";
import { ROUTES } from "./routes/index.ts";

const ROUTER = new Router(ROUTES);

interface Located {
  readonly path: string;
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
    if (matched instanceof ApiError) {
      this.#log(incoming, located, "", { auth: "none", outcome: plain(matched.answer), fault: undefined });
      return plain(matched.answer);
    }
    const facts = this.#factsOf(incoming, located, matched);
    if (matched.route.access === "open") return plain(await this.#run(incoming, located, matched, NOBODY, facts));
    this.#countRequest();
    const fault = this.#backend.faults.forRequest(facts);
    const before = fault === undefined ? undefined : instead(fault, faultAnswer);
    const served = before === undefined ? await this.#serve(incoming, located, matched, facts) : undefined;
    const outcome = before ?? outcomeOf(served?.answer ?? emptyAnswer(), fault);
    this.#log(incoming, located, matched.route.operation, { auth: served?.auth ?? "none", outcome, fault });
    return outcome;
  }

  async #serve(
    incoming: Incoming,
    located: Located,
    matched: Matched,
    facts: RequestFacts,
  ): Promise<{ readonly answer: Answer; readonly auth: string }> {
    try {
      const caller = this.#callerOf(incoming);
      checkRights(caller, matched.route.writes, matched.params["zone"]);
      return { answer: await this.#run(incoming, located, matched, caller, facts), auth: caller.kind };
    } catch (error) {
      return { answer: answerFor(error), auth: "refused" };
    }
  }

  #callerOf({ headers }: Incoming): Caller {
    const { switches, keyring } = this.#backend;
    return switches.auth === "off" ? NOBODY : keyring.callerOf(headers);
  }

  async #run(
    incoming: Incoming,
    located: Located,
    { route, params }: Matched,
    caller: Caller,
    facts: RequestFacts,
  ): Promise<Answer> {
    try {
      const result = await route.handle({
        backend: this.#backend,
        method: incoming.method,
        path: located.path,
        params,
        query: located.query,
        headers: incoming.headers,
        body: parsedBody(incoming),
        raw: incoming.body,
        caller,
        facts,
        origin: `${incoming.scheme}://${incoming.headers["host"] ?? "localhost"}`,
      });
      if (result instanceof Reply) return result.answer;
      return result === undefined ? emptyAnswer() : { status: 200, body: result };
    } catch (error) {
      return answerFor(error);
    }
  }

  /** What faults can be aimed at: the zone of the path, and the type of the server in the body or in the path. */
  #factsOf(incoming: Incoming, { path }: Located, { route, params }: Matched): RequestFacts {
    const body = safeBody(incoming);
    const said = isRecord(body) ? body["commercial_type"] : undefined;
    const known = this.#backend.world.ground.servers.get(params["server_id"] ?? params["id"] ?? "");
    const type = typeof said === "string" ? said : known?.commercialType;
    const name = isRecord(body) && typeof body["name"] === "string" ? body["name"] : known?.name;
    const about = {
      ...(params["zone"] === undefined ? {} : { zone: params["zone"] }),
      ...(type === undefined ? {} : { type }),
      ...(name === undefined ? {} : { name }),
    };
    return { method: incoming.method, path, operation: route.operation, about };
  }

  #countRequest(): void {
    const { switches, invariants } = this.#backend;
    if (!this.#rate.passes(switches.maxRequestsPerSecond)) return;
    invariants.record("TooManyRequests", `more than ${switches.maxRequestsPerSecond} requests in a second`);
  }

  #log(
    incoming: Incoming,
    { path, query }: Located,
    operation: string,
    result: Pick<RequestRecord, "auth" | "outcome" | "fault">,
  ): void {
    this.#backend.log.record(incoming, {
      ...result,
      at: this.#backend.world.ground.clock.now(),
      path,
      query: query.toString(),
      operation,
      body: safeBody(incoming),
    });
  }
}

function locate({ method, target }: Incoming): Located {
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  const query = new URLSearchParams(at < 0 ? "" : target.slice(at + 1));
  try {
    return { path, query, matched: ROUTER.match(method, path) };
  } catch (error) {
    if (error instanceof ApiError) return { path, query, matched: error };
    throw error;
  }
}

function parsedBody({ headers, body }: Incoming): unknown {
  const isJson = headers["content-type"]?.startsWith("application/json") === true;
  if (body.length === 0 || !isJson) return undefined;
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    throw new ApiError(400, { type: "invalid_request_error", message: "body is not valid JSON" });
  }
}

/** User data stands in the log as its length only: it holds secrets. */
function safeBody(incoming: Incoming): unknown {
  if (incoming.headers["content-type"]?.startsWith("text/plain") === true) return `${incoming.body.length} bytes`;
  try {
    return parsedBody(incoming);
  } catch {
    return incoming.body.toString("utf8");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function outcomeOf(answer: Answer, fault: FakeFault | undefined): Outcome {
  return fault === undefined ? plain(answer) : afterwards(fault, answer);
}

function answerFor(error: unknown): Answer {
  if (error instanceof ApiError) return error.answer;
  const message = error instanceof Error ? error.message : String(error);
  return { status: 500, body: { type: "internal", message } };
}

/** The body of a fault's status as the API writes it. */
function faultAnswer({ type, status, fields, message }: FakeFault, otherwise: number): Answer {
  const usual = type ?? TYPES[otherwise] ?? "internal";
  const about = { ...fields, ...(message === undefined ? {} : { message }) };
  return errorOfType(usual, status ?? (type === undefined ? otherwise : undefined), about).answer;
}

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_arguments",
  401: "denied_authentication",
  403: "permissions_denied",
  404: "not_found",
  409: "transient_state",
  412: "out_of_stock",
  429: "too_many_requests",
};
