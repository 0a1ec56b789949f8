// The fake's own routes below /_fake: what it holds, what it saw, what it should do wrong. They need no key.

import { invalid } from "../api-error.ts";
import type { FakeFault } from "../faults.ts";
import { report } from "../invariants.ts";
import type { Call, Route } from "../router.ts";
import { dump, leaks } from "../world/dump.ts";

export const ADMIN_ROUTES: readonly Route[] = [
  route("fakeState", "GET", "/_fake/state", ({ backend }) => ({
    ...dump(backend.world.ground),
    faults: backend.faults.list(),
    switches: backend.switches,
  })),
  route("fakeReset", "POST", "/_fake/reset", ({ backend }) => {
    backend.reset();
    return {};
  }),
  route("fakeInvariants", "GET", "/_fake/invariants", async ({ backend }) =>
    report([...backend.invariants.violations(), ...(await leaks(backend.world.ground))]),
  ),
  route("fakeCalls", "GET", "/_fake/calls", ({ backend }) => backend.log.entries()),
  route("fakeRequests", "GET", "/_fake/requests", ({ backend }) => backend.log.entries()),
  route("fakeFaults", "GET", "/_fake/faults", ({ backend }) => backend.faults.list()),
  route("fakeSetFaults", "POST", "/_fake/faults", setFaults),
  route("fakeSetSwitches", "POST", "/_fake/switches", setSwitches),
];

function route(operation: string, method: Route["method"], path: string, handle: Route["handle"]): Route {
  return { operation, method, path, access: "open", writes: undefined, handle };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sent as JSON by programs, and without a content type by hand. */
function given({ body, raw }: Call): unknown {
  if (body !== undefined) return body;
  try {
    return JSON.parse(raw.toString("utf8")) as unknown;
  } catch {
    throw invalid("body", "must be JSON", "format");
  }
}

function setFaults(call: Call): unknown {
  const faults = given(call);
  if (!Array.isArray(faults) || !faults.every(isRecord)) throw invalid("faults", "must be a list of objects");
  try {
    call.backend.setFaults(faults as unknown as readonly FakeFault[]);
  } catch (error) {
    throw invalid("faults", error instanceof Error ? error.message : String(error));
  }
  return call.backend.faults.list();
}

function setSwitches(call: Call): unknown {
  const { switches } = call.backend;
  const values = given(call);
  if (!isRecord(values)) throw invalid("switches", "must be an object");
  const unknown = Object.keys(values).find((name) => !(name in switches));
  if (unknown !== undefined) throw invalid("switches", `switch ${unknown} is not known`);
  return Object.assign(switches, values);
}
