// Whose turn it is to look for nodes to remove: the kind that has used the least time for its weight, so that none starves (DX-21). Pure.

import { METHODS, type MethodName } from "../../disruption/index.ts";

const KINDS = {
  emptiness: "empty",
  staticDrift: "drift",
  drift: "drift",
  multi: "consolidation",
  single: "consolidation",
} as const satisfies Readonly<Record<MethodName, string>>;

export type MethodKind = (typeof KINDS)[MethodName];

const WEIGHTS: Readonly<Record<MethodKind, number>> = { empty: 3, drift: 3, consolidation: 2 };

const KIND_ORDER: readonly MethodKind[] = ["empty", "drift", "consolidation"];

export function kindOf(method: MethodName): MethodKind {
  return KINDS[method];
}

/** Times are milliseconds of one clock. */
export class MethodTurns {
  readonly #dueAt = new Map<MethodName, number>();
  readonly #used: Record<MethodKind, number> = { empty: 0, drift: 0, consolidation: 0 };
  /** How far those have come that always had something to do: who joins them late gets nothing for the time before. */
  #common = 0;
  #waiting: ReadonlySet<MethodKind> = new Set();

  /** A method that is not named any more waits until it is. */
  askAt(at: number, ...methods: readonly MethodName[]): void {
    for (const method of methods) this.#dueAt.set(method, at);
  }

  /** Until it is named again. */
  rest(method: MethodName): void {
    this.#dueAt.delete(method);
  }

  /** Empty nodes first on ties. `full` are kinds that may start nothing at present. */
  next(now: number, full: ReadonlySet<MethodKind>): MethodName | undefined {
    const due = METHODS.filter((method) => (this.#dueAt.get(method) ?? Infinity) <= now && !full.has(kindOf(method)));
    const kinds = new Set(due.map(kindOf));
    for (const kind of kinds) if (!this.#waiting.has(kind)) this.#used[kind] = Math.max(this.#used[kind], this.#common);
    this.#waiting = kinds;
    const [first] = due.toSorted((a, b) => this.#compare(a, b));
    if (first !== undefined) this.#common = this.#used[kindOf(first)];
    return first;
  }

  /** Within a kind who has waited longest: each of its methods comes to its turn. */
  #compare(a: MethodName, b: MethodName): number {
    const [kindA, kindB] = [kindOf(a), kindOf(b)];
    const order = KIND_ORDER.indexOf(kindA) - KIND_ORDER.indexOf(kindB);
    return this.#used[kindA] - this.#used[kindB] || order || (this.#dueAt.get(a) ?? 0) - (this.#dueAt.get(b) ?? 0);
  }

  took(method: MethodName, time: number): void {
    this.#used[kindOf(method)] += time / WEIGHTS[kindOf(method)];
  }

  /** When the next one is due. */
  dueAt(full: ReadonlySet<MethodKind>): number {
    return Math.min(...[...this.#dueAt].flatMap(([method, at]) => (full.has(kindOf(method)) ? [] : at)));
  }
}
