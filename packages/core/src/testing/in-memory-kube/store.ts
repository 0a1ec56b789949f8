// What is stored at which version: the tables, the counter of versions and the last changes, from which watches and pages are served.

import { compareText } from "../../units/index.ts";
import type { Draft, Stored } from "./json.ts";
import { deepFreeze } from "./json.ts";

/** One change of one object. `after` of a deletion is the last state with the deletion's own version. */
export interface Change {
  readonly version: number;
  readonly table: string;
  readonly key: string;
  readonly before: Stored | undefined;
  readonly after: Stored;
  readonly removed: boolean;
}

export class Store {
  readonly #tables = new Map<string, Map<string, Stored>>();
  readonly #historyLimit: number;
  readonly #listeners = new Set<(change: Change) => void>();
  #history: Change[] = [];
  /** Changes up to this version are forgotten. */
  #forgotten = 0;
  #version = 0;

  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  get version(): number {
    return this.#version;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  get(table: string, key: string): Stored | undefined {
    return this.#tables.get(table)?.get(key);
  }

  /** In no particular order. */
  all(table: string): Iterable<Stored> {
    return this.#tables.get(table)?.values() ?? [];
  }

  /** Stores a new state under the next version and answers it, frozen. */
  put(table: string, key: string, draft: Draft): Stored {
    const before = this.get(table, key);
    const after = this.#seal(draft);
    let rows = this.#tables.get(table);
    if (rows === undefined) this.#tables.set(table, (rows = new Map()));
    rows.set(key, after);
    this.#record({ version: this.#version, table, key, before, after, removed: false });
    return after;
  }

  remove(table: string, key: string): void {
    const before = this.get(table, key);
    if (before === undefined) return;
    this.#tables.get(table)?.delete(key);
    const after = this.#seal({ ...before, metadata: { ...before.metadata } });
    this.#record({ version: this.#version, table, key, before, after, removed: true });
  }

  /** Keys in order with their objects, as of `version`; undefined when the changes since then are not kept any more. */
  snapshot(table: string, version: number): readonly (readonly [string, Stored])[] | undefined {
    const rows = new Map(this.#tables.get(table));
    if (version < this.#version) {
      const changes = this.since(version);
      if (changes === undefined) return undefined;
      for (const change of changes.toReversed()) {
        if (change.table !== table) continue;
        if (change.before === undefined) rows.delete(change.key);
        else rows.set(change.key, change.before);
      }
    }
    return [...rows].sort(([a], [b]) => compareText(a, b));
  }

  /** Changes after `version`, oldest first; undefined when they are not kept any more. */
  since(version: number): readonly Change[] | undefined {
    if (version < this.#forgotten) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#history[middle]?.version ?? 0) > version) high = middle;
      else low = middle + 1;
    }
    return this.#history.slice(low);
  }

  /** Forgets every change up to now, as a compaction does. */
  forgetHistory(): void {
    this.#history = [];
    this.#forgotten = this.#version;
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #seal(draft: Draft): Stored {
    this.#version++;
    draft.metadata.resourceVersion = String(this.#version);
    return deepFreeze(draft) as Stored;
  }

  #record(change: Change): void {
    this.#history.push(change);
    if (this.#history.length > this.#historyLimit * 1.25) {
      const dropped = this.#history.splice(0, this.#history.length - this.#historyLimit);
      this.#forgotten = dropped.at(-1)?.version ?? this.#forgotten;
    }
    for (const listener of this.#listeners) listener(change);
  }
}
