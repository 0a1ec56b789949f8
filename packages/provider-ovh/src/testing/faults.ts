// Which request or machine goes wrong, how and how often (F-8). One list; the first fault that matches acts.

import { matchesGlob } from "./glob.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { MachineStatus } from "./world/machine.ts";

const REQUEST_FAULTS = ["status", "timeoutBefore", "timeoutAfter", "slow", "drop", "malformed"] as const;
const MACHINE_FAULTS = ["outOfStock", "quota", "boot", "vanish"] as const;

export type RequestFaultKind = (typeof REQUEST_FAULTS)[number];
export type MachineFaultKind = (typeof MACHINE_FAULTS)[number];

export interface FaultMatch {
  readonly method?: string;
  /** `*` stands for anything, `{name}` for one segment; with or without /1.0, without the query. */
  readonly path?: string;
  /** The name of a route (createPool, updatePool …), or "launch" for machines. */
  readonly operation?: string;
  /** Pool name, machine faults only; `*` allowed. The next two as well. */
  readonly pool?: string;
  readonly flavor?: string;
  readonly zone?: string;
}

export interface FakeFault {
  readonly match?: FaultMatch;
  readonly fault: RequestFaultKind | MachineFaultKind;
  /** Of the answer. @defaultValue 500 */
  readonly status?: number;
  /** How many times it acts; absent = always ("vanish": once). */
  readonly times?: number;
  /** From 0 to 1. @defaultValue 1 */
  readonly probability?: number;
  /** Requests: real milliseconds before the answer or the reset; without it a "timeout" stays silent. "vanish": the clock's. */
  readonly delayMs?: number;
  readonly errorCode?: string;
  readonly message?: string;
  /** The body as it stands: for "status" instead of the API's error, for "malformed" instead of a cut answer ("" = empty). */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** "boot": the status the machine ends in, instead of staying INSTALLING. */
  readonly machineStatus?: MachineStatus;
  /** "boot": the machine does not even get an instance. */
  readonly noInstance?: boolean;
}

export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  readonly operation: string;
}

/** A machine is matched by what it is and by the request that made the service order it. */
export interface MachineFacts extends RequestFacts {
  readonly pool: string;
  readonly flavor: string;
  readonly zone: string;
}

interface Armed {
  readonly fault: FakeFault;
  left: number;
}

export class FaultList {
  readonly #random: SeededRandom;
  #armed: Armed[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Replaces the list; an empty one heals everything. */
  set(faults: readonly FakeFault[]): void {
    for (const fault of faults) check(fault);
    this.#armed = faults.map((fault) => ({ fault, left: fault.times ?? defaultTimes(fault) }));
  }

  list(): readonly (FakeFault & { readonly left: number | null })[] {
    return this.#armed.map(({ fault, left }) => ({ ...fault, left: Number.isFinite(left) ? left : null }));
  }

  forRequest(facts: RequestFacts): FakeFault | undefined {
    return this.#take(({ fault, match }) => isOneOf(REQUEST_FAULTS, fault) && matchesRequest(match ?? {}, facts));
  }

  forMachine(kind: MachineFaultKind, facts: MachineFacts): FakeFault | undefined {
    return this.#take(({ fault, match }) => fault === kind && matchesMachine(match ?? {}, facts));
  }

  #take(matches: (fault: FakeFault) => boolean): FakeFault | undefined {
    for (const armed of this.#armed) {
      if (armed.left <= 0 || !matches(armed.fault)) continue;
      if (this.#random.next() >= (armed.fault.probability ?? 1)) continue;
      armed.left -= 1;
      return armed.fault;
    }
    return undefined;
  }
}

function defaultTimes(fault: FakeFault): number {
  return fault.fault === "vanish" ? 1 : Number.POSITIVE_INFINITY;
}

function check(fault: FakeFault): void {
  const known = isOneOf(REQUEST_FAULTS, fault.fault) || isOneOf(MACHINE_FAULTS, fault.fault);
  if (!known) throw new RangeError(`fault ${JSON.stringify(fault.fault)} is not known`);
}

function isOneOf(kinds: readonly string[], kind: string): boolean {
  return kinds.includes(kind);
}

function matchesRequest(match: FaultMatch, facts: RequestFacts): boolean {
  const machineOnly = match.pool ?? match.flavor ?? match.zone;
  if (machineOnly !== undefined) return false;
  return (
    matchesMethod(match, facts.method) && matchesPath(match, facts.path) && named(match.operation, facts.operation)
  );
}

function matchesMachine(match: FaultMatch, facts: MachineFacts): boolean {
  const operation = match.operation === "launch" ? undefined : match.operation;
  return (
    matchesMethod(match, facts.method) &&
    matchesPath(match, facts.path) &&
    named(operation, facts.operation) &&
    named(match.pool, facts.pool) &&
    named(match.flavor, facts.flavor) &&
    named(match.zone, facts.zone)
  );
}

function matchesMethod({ method }: FaultMatch, actual: string): boolean {
  return method === undefined || method === "*" || method.toUpperCase() === actual;
}

function matchesPath({ path }: FaultMatch, actual: string): boolean {
  return path === undefined || matchesGlob(withoutBase(path), withoutBase(actual));
}

function withoutBase(path: string): string {
  return path.replace(/^\/(1\.0|v1)(?=\/)/, "");
}

function named(pattern: string | undefined, actual: string): boolean {
  return pattern === undefined || matchesGlob(pattern, actual);
}
