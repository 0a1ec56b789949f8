// The fake's own paths below /_fake: what it holds, what it saw, what it should do wrong. They need no key.

import type { Answer, Incoming } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Backend } from "./backend.ts";
import type { FakeFault } from "./faults.ts";
import { report } from "./invariants.ts";
import type { Ground } from "./world/ground.ts";
import type { Row } from "./world/records.ts";
import { dump } from "./world/dump.ts";
import { leaks } from "./world/leaks.ts";

/** Undefined for a path of the API itself. */
export async function answerAdmin(backend: Backend, incoming: Incoming): Promise<Answer | undefined> {
  const path = incoming.target.replace(/\?.*$/, "");
  if (!path.startsWith("/_fake/")) return undefined;
  const answer = await answerTo(backend, `${incoming.method} ${path.slice("/_fake/".length)}`, incoming);
  return answer ?? { status: 404, body: { message: `there is no ${incoming.method} ${path}` } };
}

async function answerTo(backend: Backend, route: string, incoming: Incoming): Promise<Answer | undefined> {
  const { ground } = backend.world;
  switch (route) {
    case "GET state":
      return ok({ ...dump(ground), faults: backend.faults.list(), switches: backend.switches });
    case "GET invariants":
      return ok(report([...backend.invariants.violations(), ...(await leaks(ground))]));
    case "GET calls":
    case "GET requests":
      return ok(backend.log.entries());
    case "GET faults":
      return ok(backend.faults.list());
    case "POST reset":
      backend.reset();
      return { status: 204 };
    case "POST faults":
      return change(incoming, (value) => {
        if (!Array.isArray(value)) throw new Error("faults must be a list");
        backend.setFaults(value as readonly FakeFault[]);
        return backend.faults.list();
      });
    case "POST fixtures":
      return change(incoming, (value) => loadFixtures(ground, value));
    case "POST clock":
      return change(incoming, (value) => advance(ground, value));
    case "POST switches":
      return change(incoming, (value) => {
        const unknown = Object.keys(value as object).find((name) => !(name in backend.switches));
        if (unknown !== undefined) throw new Error(`switch ${unknown} is not known`);
        return Object.assign(backend.switches, value);
      });
    default:
      return undefined;
  }
}

const FIXTURES = [
  "zones",
  "offerings",
  "diskOfferings",
  "networks",
  "templates",
  "hosts",
  "affinityGroups",
  "keyPairs",
] as const;

/** Rows in the shape of the API in place of those there are, for each kind that is given; what was ordered stays. */
function loadFixtures(ground: Ground, value: unknown): unknown {
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((kind) => !FIXTURES.some((known) => known === kind));
  if (unknown !== undefined) throw new Error(`there are no ${unknown}: write ${FIXTURES.join(", ")}`);
  for (const kind of FIXTURES) {
    const rows = given[kind];
    if (Array.isArray(rows)) ground[kind].splice(0, ground[kind].length, ...(rows as Row[]));
  }
  return Object.fromEntries(FIXTURES.map((kind) => [kind, ground[kind].length]));
}

async function advance({ clock }: Ground, value: unknown): Promise<unknown> {
  const { ms } = value as { readonly ms?: unknown };
  if (typeof ms !== "number") throw new Error('write {"ms": 60000}');
  const manual = clock as { readonly advance?: (ms: number) => Promise<void> };
  if (manual.advance === undefined) throw new Error("this fake runs on the time of the wall");
  await manual.advance(ms);
  return { now: clock.now() };
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

async function change({ body }: Incoming, work: (value: unknown) => unknown): Promise<Answer> {
  try {
    return ok(await work(JSON.parse(body.toString("utf8")) as unknown));
  } catch (error) {
    return { status: 400, body: { message: error instanceof Error ? error.message : String(error) } };
  }
}
