// One request from its bytes to its answer: parameters, fault, caller, command, envelope, log.

import { afterwards, instead, plain } from "@karpenter-multicloud/core/testing/fake-cloud";
import type {
  Answer,
  Incoming,
  Outcome,
  RequestFacts,
  RequestRecord,
} from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError, GENERIC, maintenance, MASKED, missingParameter, notForUser, unverified } from "./api-error.ts";
import { authenticate } from "./auth.ts";
import type { Caller } from "./auth.ts";
import type { Backend } from "./backend.ts";
import type { Command } from "./commands/command.ts";
import { COMMANDS } from "./commands/index.ts";
import { answerAdmin } from "./fake-admin.ts";
import type { FakeFault } from "./faults.ts";
import { readParams, refuseControlCharacters } from "./params.ts";
import type { Params } from "./params.ts";
import { answerSession, sessionUser } from "./session.ts";
import { rowOf } from "./world/ground.ts";

const PATHS = ["/client/api", "/client/api/", "/"];
const READS = /^(?:list|get|query|quotaTariffList|login|logout)/;

interface Served {
  readonly answer: Answer;
  readonly auth: string;
}

export class Pipeline {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async handle(incoming: Incoming): Promise<Outcome> {
    const admin = await answerAdmin(this.#backend, incoming);
    if (admin !== undefined) return plain(admin);
    const path = incoming.target.replace(/\?.*$/, "");
    const isThere = PATHS.includes(path) && (path !== "/" || this.#backend.switches.servesBareAddress);
    if (!isThere) return plain({ status: 404, body: "<html><body>404 Not Found</body></html>", headers: HTML });
    const params = readParams(incoming);
    const facts = this.#factsOf(incoming, path, params);
    const fault = this.#backend.faults.forRequest(facts);
    const atJob = fault?.at === "job" && (fault.fault === "status" || fault.fault === "slow");
    const before =
      fault === undefined || atJob ? undefined : instead(fault, (each, status) => faultAnswer(params, each, status));
    const isServed = before === undefined || fault?.at === "after";
    const served = isServed ? this.#serve(incoming, params, facts, atJob ? fault : undefined) : undefined;
    const outcome =
      before ?? (fault === undefined || atJob ? plain(answerOf(served)) : afterwards(fault, answerOf(served)));
    this.#log(incoming, path, params, { auth: served?.auth ?? "none", outcome, fault });
    return outcome;
  }

  #serve(incoming: Incoming, params: Params, facts: RequestFacts, jobFault: FakeFault | undefined): Served {
    const session = answerSession(this.#backend, params);
    if (session !== undefined) return { answer: session, auth: "password" };
    const command = COMMANDS.get(params.command);
    let caller: Caller | undefined;
    try {
      caller = this.#callerOf(incoming, params);
      if (params.command === "") throw new ApiError(432, "Invalid request, no command sent", GENERIC);
      if (command === undefined) throw unverified();
      this.#requireRight(command, caller);
      refuseControlCharacters(params);
      if (command.isAsync === true && this.#backend.switches.maintenance) throw maintenance();
      requireAll(command, params);
      if (incoming.method === "GET" && !READS.test(command.name)) this.#noteWriteByGet(command.name, params);
      const call = { backend: this.#backend, params, caller, facts, jobFault };
      return { answer: wrapped(responseName(params), command.handle(call)), auth: "key" };
    } catch (error) {
      return {
        answer: refusal(params, error, command === undefined, this.#masks(caller)),
        auth: caller === undefined ? "refused" : "key",
      };
    }
  }

  #callerOf(incoming: Incoming, params: Params): Caller {
    const { users, switches } = this.#backend;
    const session = sessionUser(this.#backend, params, incoming);
    if (session !== undefined) return session.caller;
    const [admin] = users;
    if (switches.auth === "off" && admin !== undefined) return admin.caller;
    return authenticate(params, incoming.method, users, switches);
  }

  #requireRight({ name, access }: Command, caller: Caller): void {
    const { deniedCommands } = this.#backend.switches;
    const tooMuch = caller.readOnly && !READS.test(name);
    if (deniedCommands.includes(name) || tooMuch || (access === "admin" && caller.type !== 1)) throw notForUser(name);
  }

  #masks(caller: Caller | undefined): boolean {
    return this.#backend.switches.maskInternalErrors && caller?.type !== 1;
  }

  /** Only of our own machines: other clients may do as they like. */
  #noteWriteByGet(name: string, params: Params): void {
    if (name !== "deployVirtualMachine" || !(params.text("displayname") ?? "").includes(" karpenter:")) return;
    this.#backend.invariants.record("WroteByGet", `${name} was sent by GET`);
  }

  /** What faults can be aimed at: every parameter, and the names of zone, offering and machine. */
  #factsOf({ method }: Incoming, path: string, params: Params): RequestFacts {
    const { ground } = this.#backend.world;
    const machine = ground.machines.get(params.text("id") ?? params.text("resourceids") ?? "");
    const offering = rowOf(ground.offerings, params.text("serviceofferingid") ?? machine?.offeringId ?? "")?.name;
    const zone = rowOf(ground.zones, params.text("zoneid") ?? machine?.zoneId ?? "")?.name;
    const name = params.text("name") ?? machine?.name;
    const words = Object.entries({ offering, zone, name }).filter(([, value]) => value !== undefined);
    const about = { ...params.safe(), ...(Object.fromEntries(words) as Readonly<Record<string, string>>) };
    return { method, path, operation: params.command, about };
  }

  #log(
    incoming: Incoming,
    path: string,
    params: Params,
    result: Pick<RequestRecord, "auth" | "outcome" | "fault">,
  ): void {
    this.#backend.log.record(incoming, {
      ...result,
      at: this.#backend.world.ground.clock.now(),
      path,
      query: queryNames(incoming),
      operation: params.command,
      body: params.safe(),
    });
  }
}

/** What stands in the address, by its names: values may be secret. */
function queryNames({ target }: Incoming): string {
  const [, query = ""] = /\?(.*)$/.exec(target) ?? [];
  return query
    .split("&")
    .map((pair) => pair.replace(/=.*$/, ""))
    .join("&");
}

const HTML = { "Content-Type": "text/html" };

function answerOf(served: Served | undefined): Answer {
  return served?.answer ?? { status: 500 };
}

function responseName(params: Params): string {
  return `${params.command.toLowerCase()}response`;
}

function wrapped(name: string, payload: unknown, status = 200): Answer {
  return { status, body: { [name]: payload }, headers: described(payload) };
}

/** The text of an error stands in a header too (§1.3). */
function described(payload: unknown): Readonly<Record<string, string>> {
  const { errortext } = payload as { readonly errortext?: unknown };
  return typeof errortext === "string" ? { "X-Description": errortext.replaceAll(/[^ -~]/g, " ") } : {};
}

function requireAll({ params: known }: Command, params: Params): void {
  for (const param of known) {
    const name = param.slice(0, -1);
    if (!param.endsWith("!") || params.text(name) !== undefined || params.objects(name).length > 0) continue;
    throw missingParameter(params.command, name);
  }
}

/** §1.3: the status is the code, and stands in the body too. */
function refusal(params: Params, error: unknown, isUnknown: boolean, masks: boolean): Answer {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(530, error instanceof Error ? error.message : String(error), GENERIC);
  const shown = masks && known.code === 530 ? new ApiError(530, MASKED, GENERIC) : known;
  const name = isUnknown || shown.code === 432 ? "errorresponse" : responseName(params);
  return wrapped(name, shown.body(), shown.code);
}

/** A fault's status as the API would write it; without a number of CloudStack's a proxy's page. */
function faultAnswer(params: Params, { status, message, csCode }: FakeFault, otherwise: number): Answer {
  const code = status ?? (otherwise === 500 ? 530 : otherwise);
  if (code === 502 || code === 504 || (code === 503 && message === undefined)) {
    return { status: code, body: `<html><body><h1>${code} Bad Gateway</h1></body></html>`, headers: HTML };
  }
  return wrapped(
    responseName(params),
    new ApiError(code, message ?? TEXTS[code] ?? MASKED, code === 401 ? undefined : (csCode ?? GENERIC)).body(),
    code,
  );
}

const TEXTS: Readonly<Record<number, string>> = {
  401: "unable to verify user credentials and/or request signature",
  429: "The given user has reached his/her account api limit, please retry after [734] ms.",
  431: "Invalid parameter",
  533: "Unable to create a deployment for VM",
  534: "Resource [DataCenter:1] is unreachable: Zone is down",
  535: "Maximum amount of resources of Type = 'cpu' for Account Name = k8s in Domain Id = 2 is exceeded",
};
