// The objects of one mirror in order, and which of them carry which index value. Kept up step by step; look-ups cost what they find.

import { compareText } from "../units/index.ts";
import type { Indexes } from "./cache.ts";

type IndexFunction<T> = (object: T) => readonly string[];

export class ObjectIndex<T> {
  readonly #objects = new Map<string, T>();
  readonly #functions = new Map<string, IndexFunction<T>>();
  readonly #values = new Map<string, Map<string, Set<string>>>();
  #keys: string[] | undefined = [];
  #list: readonly T[] | undefined = [];

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** In the order of keys. */
  keys(): readonly string[] {
    this.#keys ??= [...this.#objects.keys()].sort(compareText);
    return this.#keys;
  }

  list(): readonly T[] {
    this.#list ??= this.#objectsOf(this.keys());
    return this.#list;
  }

  byIndex(name: string, value: string): readonly T[] {
    const values = this.#values.get(name);
    if (values === undefined) throw new Error(`no index ${name} was declared`);
    const keys = values.get(value);
    return keys === undefined ? [] : this.#objectsOf([...keys].sort(compareText));
  }

  /** A name that is known already keeps its function. */
  addIndexes(indexes: Indexes<T>): void {
    for (const [name, valuesOf] of Object.entries(indexes)) {
      if (this.#functions.has(name)) continue;
      this.#functions.set(name, valuesOf);
      this.#values.set(name, new Map());
      for (const [key, object] of this.#objects) this.#enter(name, valuesOf(object), key);
    }
  }

  set(key: string, object: T): void {
    const before = this.#objects.get(key);
    this.#objects.set(key, object);
    this.#list = undefined;
    if (before === undefined) this.#keys = undefined;
    for (const [name, valuesOf] of this.#functions) {
      if (before !== undefined) this.#leave(name, valuesOf(before), key);
      this.#enter(name, valuesOf(object), key);
    }
  }

  delete(key: string): void {
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#objects.delete(key);
    this.#list = undefined;
    this.#keys = undefined;
    for (const [name, valuesOf] of this.#functions) this.#leave(name, valuesOf(before), key);
  }

  #enter(name: string, values: readonly string[], key: string): void {
    const index = this.#values.get(name);
    for (const value of values) {
      const keys = index?.get(value);
      if (keys === undefined) index?.set(value, new Set([key]));
      else keys.add(key);
    }
  }

  #leave(name: string, values: readonly string[], key: string): void {
    const index = this.#values.get(name);
    for (const value of values) {
      const keys = index?.get(value);
      keys?.delete(key);
      if (keys?.size === 0) index?.delete(value);
    }
  }

  #objectsOf(keys: readonly string[]): readonly T[] {
    const objects: T[] = [];
    for (const key of keys) {
      const object = this.#objects.get(key);
      if (object !== undefined) objects.push(object);
    }
    return objects;
  }
}
