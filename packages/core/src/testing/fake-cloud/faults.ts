// Which request or machine goes wrong, how and how often (F-8). One list; the first fault that matches acts.

import { matchesGlob } from "./glob.ts";
import type { SeededRandom } from "./seeded-random.ts";

const REQUEST_FAULTS = ["status", "timeoutBefore", "timeoutAfter", "slow", "drop", "malformed"] as const;
const MACHINE_FAULTS = ["outOfStock", "quota", "boot", "vanish"] as const;

export type RequestFaultKind = (typeof REQUEST_FAULTS)[number];
export type MachineFaultKind = (typeof MACHINE_FAULTS)[number];

export interface FaultMatch {
  readonly method?: string;
  /** `*` stands for anything, `{name}` for one segment; with or without the API's version, without the query. */
  readonly path?: string;
  /** The name of a route (createPool, updatePool …), or "launch" for machines. */
  readonly operation?: string;
  /** What it is about, by the words of its cloud (pool, flavor, type, zone …); `*` allowed. */
  readonly [about: string]: string | undefined;
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
  readonly message?: string;
  /** The body as it stands: for "status" instead of the API's error, for "malformed" instead of a cut answer ("" = empty). */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RequestFacts {
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  /** What the request is about, by the words of its cloud (pool, flavor, type, zone …). */
  readonly about?: Readonly<Record<string, string>>;
}

/** A machine is matched by what it is and by the request that made the service order it. */
export type MachineFacts = RequestFacts;

interface Armed<Fault> {
  readonly fault: Fault;
  left: number;
}

export class FaultList<Fault extends FakeFault = FakeFault> {
  readonly #random: SeededRandom;
  readonly #plainPath: (path: string) => string;
  #armed: Armed<Fault>[] = [];

  /** `plainPath`: a path without what the API lets clients leave out. */
  constructor(random: SeededRandom, plainPath: (path: string) => string = (path) => path) {
    this.#random = random;
    this.#plainPath = plainPath;
  }

  /** Replaces the list; an empty one heals everything. */
  set(faults: readonly Fault[]): void {
    for (const fault of faults) check(fault);
    this.#armed = faults.map((fault) => ({ fault, left: fault.times ?? defaultTimes(fault) }));
  }

  list(): readonly (Fault & { readonly left: number | null })[] {
    return this.#armed.map(({ fault, left }) => ({ ...fault, left: Number.isFinite(left) ? left : null }));
  }

  forRequest(facts: RequestFacts): Fault | undefined {
    return this.#take(({ fault, match = {} }) => isOneOf(REQUEST_FAULTS, fault) && this.#matches(match, facts));
  }

  forMachine(kind: MachineFaultKind, facts: MachineFacts): Fault | undefined {
    return this.#take(({ fault, match = {} }) => fault === kind && this.#matches(ofMachine(match), facts));
  }

  #matches(match: FaultMatch, { method, path, operation, about = {} }: RequestFacts): boolean {
    const { method: _, path: __, operation: ___, ...words } = match;
    return (
      matchesMethod(match, method) &&
      this.#matchesPath(match, path) &&
      named(match.operation, operation) &&
      Object.entries(words).every(([word, pattern]) => named(pattern, about[word] ?? ""))
    );
  }

  #matchesPath({ path }: FaultMatch, actual: string): boolean {
    return path === undefined || matchesGlob(this.#plainPath(path), this.#plainPath(actual));
  }

  #take(matches: (fault: Fault) => boolean): Fault | undefined {
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

/** For machines the operation "launch" stands for any request that made the service order them. */
function ofMachine(match: FaultMatch): FaultMatch {
  if (match.operation !== "launch") return match;
  const { operation: _, ...rest } = match;
  return rest;
}

function matchesMethod({ method }: FaultMatch, actual: string): boolean {
  return method === undefined || method === "*" || method.toUpperCase() === actual;
}

function named(pattern: string | undefined, actual: string): boolean {
  return pattern === undefined || matchesGlob(pattern, actual);
}
