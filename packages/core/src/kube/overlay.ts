// Own writes that the watch has not delivered yet, laid over what it has delivered (RT-11). Versions are only ever compared for equality (RT-7).

import type { KubeObject } from "../api/index.ts";

/** How many delivered versions are remembered, to recognise an answer that comes after its own event. */
const REMEMBERED = 2048;

/** An own write: the state it left, or no object for a deletion. */
export interface OwnWrite<T> {
  readonly uid: string | undefined;
  readonly version: string | undefined;
  readonly object: T | undefined;
  readonly at: number;
  /** Lists begun before it may not know it. */
  readonly listsBefore: number;
}

export class Overlay<T extends KubeObject> {
  readonly #writes = new Map<string, OwnWrite<T>>();
  readonly #delivered = new Set<string>();
  #lists = 0;

  get size(): number {
    return this.#writes.size;
  }

  get(key: string): OwnWrite<T> | undefined {
    return this.#writes.get(key);
  }

  entries(): Iterable<readonly [string, OwnWrite<T>]> {
    return this.#writes;
  }

  /** False when the watch has told it already. */
  put(key: string, write: Omit<OwnWrite<T>, "listsBefore">): boolean {
    const mark = write.object === undefined ? goneMark(write.uid) : versionMark(write.uid, write.version);
    if (this.#delivered.has(mark) || this.#delivered.has(goneMark(write.uid))) return false;
    this.#writes.set(key, { ...write, listsBefore: this.#lists });
    return true;
  }

  drop(key: string): void {
    this.#writes.delete(key);
  }

  listing(): void {
    this.#lists++;
  }

  /** The watch has delivered this state; what it settles is dropped. */
  delivered(key: string, object: T, removed: boolean): void {
    const { uid, resourceVersion } = object.metadata;
    this.#remember(versionMark(uid, resourceVersion));
    if (removed) this.#remember(goneMark(uid));
    const write = this.#writes.get(key);
    if (write === undefined) return;
    const settled = removed ? write.uid === uid : write.version === resourceVersion && write.object !== undefined;
    // Another object of the same name can only have come after the one that was written; its own creation is settled above.
    const replaced = !removed && write.uid !== uid && write.object === undefined;
    if (settled || replaced) this.#writes.delete(key);
  }

  /** A list has come: it knows every write made before it was asked for. */
  listed(listedAs: (key: string) => T | undefined): void {
    for (const [key, write] of this.#writes) {
      const { uid, resourceVersion } = listedAs(key)?.metadata ?? {};
      const told = write.object === undefined ? uid !== write.uid : resourceVersion === write.version;
      if (told || write.listsBefore < this.#lists) this.#writes.delete(key);
    }
  }

  #remember(mark: string): void {
    this.#delivered.add(mark);
    if (this.#delivered.size <= REMEMBERED) return;
    for (const oldest of this.#delivered) {
      this.#delivered.delete(oldest);
      return;
    }
  }
}

function versionMark(uid: string | undefined, version: string | undefined): string {
  return `${uid ?? ""}@${version ?? ""}`;
}

function goneMark(uid: string | undefined): string {
  return `${uid ?? ""} gone`;
}
