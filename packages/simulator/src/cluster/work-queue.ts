// Which keys wait for a stand-in: each once, one at a time, in the order they came; failures come again later.

import { isConflict, isNotFound } from "@karpenter-multicloud/core/kube";
import { milliseconds, seconds } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";
import type { World } from "./world.ts";

const CONFLICT_DELAY = milliseconds(10);
const FAILURE_DELAY = seconds(1);

export class WorkQueue {
  readonly #world: World;
  readonly #name: string;
  readonly #reconcile: (key: string) => Promise<void>;
  readonly #waiting = new Set<string>();
  readonly #later = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  #busy = false;

  constructor(world: World, name: string, reconcile: (key: string) => Promise<void>) {
    this.#world = world;
    this.#name = name;
    this.#reconcile = reconcile;
  }

  add(key: string): void {
    this.#waiting.add(key);
    if (this.#busy) return;
    this.#busy = true;
    queueMicrotask(() => void this.#drain());
  }

  /** The earliest of several times counts. */
  addAfter(key: string, delay: Duration): void {
    const at = this.#world.clock.now() + delay;
    const known = this.#later.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#world.clock.schedule(at, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { at, cancel });
  }

  async #drain(): Promise<void> {
    for (const key of this.#waiting) {
      if (this.#world.signal.aborted) break;
      this.#waiting.delete(key);
      await this.#run(key);
    }
    this.#busy = false;
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#reconcile(key);
    } catch (error) {
      if (this.#world.signal.aborted) return;
      if (isConflict(error) || isNotFound(error)) return this.addAfter(key, CONFLICT_DELAY);
      this.#world.report(this.#name, key, error);
      this.addAfter(key, FAILURE_DELAY);
    }
  }
}
