// The fake's own routes below /_fake: what it holds, what it saw, what it should do wrong. They are never signed.

import type { Clock } from "@karpenter-multicloud/core/runtime";

import { badRequest } from "../api-error.ts";
import type { FakeFault } from "../faults.ts";
import { report } from "../invariants.ts";
import type { Call, Route } from "../router.ts";
import { isRecord } from "../world/body-fields.ts";
import { dump, leaks } from "../world/dump.ts";
import { Outside } from "../world/outside.ts";

export const ADMIN_ROUTES: readonly Route[] = [
  route("fakeState", "GET", "/_fake/state", ({ backend }) => ({
    ...dump(backend.world.ground),
    faults: backend.faults.list(),
    switches: backend.switches,
  })),
  route("fakeReset", "POST", "/_fake/reset", ({ backend }) => {
    backend.reset();
  }),
  route("fakeInvariants", "GET", "/_fake/invariants", async ({ backend }) =>
    report([...backend.invariants.violations(), ...(await leaks(backend.world.ground))]),
  ),
  route("fakeRequests", "GET", "/_fake/requests", ({ backend }) => backend.log.entries()),
  route("fakeFaults", "GET", "/_fake/faults", ({ backend }) => backend.faults.list()),
  route("fakeSetFaults", "POST", "/_fake/faults", setFaults),
  route("fakeAdvance", "POST", "/_fake/advance", advance),
  route("fakeSicken", "POST", "/_fake/sicken", sicken),
  route("fakeCure", "POST", "/_fake/cure", cure),
  route("fakeSetSwitches", "POST", "/_fake/switches", setSwitches),
];

function route(operation: string, method: Route["method"], path: string, handle: Route["handle"]): Route {
  return { operation, method, path, access: "open", handle };
}

function setFaults({ backend, body }: Call): unknown {
  if (!Array.isArray(body) || !body.every(isRecord)) throw badRequest("faults must be a list of objects");
  try {
    backend.setFaults(body as unknown as readonly FakeFault[]);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
  return backend.faults.list();
}

/** On a manual clock only: time that runs by itself cannot be pushed. */
async function advance({ backend, body }: Call): Promise<unknown> {
  const { clock } = backend.seed;
  const ms = isRecord(body) ? body["ms"] : undefined;
  if (typeof ms !== "number" || !(ms >= 0)) throw badRequest('the body must be {"ms": number}');
  if (!isManual(clock)) throw badRequest("this fake runs on a clock that moves by itself: use --speed");
  await clock.advance(ms);
  return { now: new Date(clock.now()).toISOString() };
}

function isManual(clock: Clock): clock is Clock & { advance(ms: number): Promise<void> } {
  return "advance" in clock && typeof clock.advance === "function";
}

/** From now on the machine's Node is not Ready. */
function sicken({ backend, body }: Call): unknown {
  const machine = machineIn(body);
  new Outside(() => backend.world).sickenMachine(machine);
  return { machine };
}

/** Its Node is Ready again. */
function cure({ backend, body }: Call): unknown {
  const machine = machineIn(body);
  new Outside(() => backend.world).cureMachine(machine);
  return { machine };
}

function machineIn(body: unknown): string {
  const machine = isRecord(body) ? body["machine"] : undefined;
  if (typeof machine !== "string") throw badRequest('the body must be {"machine": name}');
  return machine;
}

function setSwitches({ backend, body }: Call): unknown {
  if (!isRecord(body)) throw badRequest("switches must be an object");
  const unknown = Object.keys(body).find((name) => !(name in backend.switches));
  if (unknown !== undefined) throw badRequest(`switch ${unknown} is not known`);
  return Object.assign(backend.switches, body);
}
