// What the process spends its time and its heap on, from V8 itself. No profile holds a value that the process works with.

import { Session } from "node:inspector/promises";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Duration } from "@karpenter-multicloud/core/units";

/** Bytes between two samples of the heap: as sparse as Go's, so that it may go on for ever. */
const HEAP_INTERVAL = 512 * 1024;

export class ProfileRunning extends Error {
  override readonly name = "ProfileRunning";
}

export class Profiler {
  readonly #session = new Session();
  readonly #clock: Pick<Clock, "sleep">;
  #running = false;

  constructor(clock: Pick<Clock, "sleep">) {
    this.#clock = clock;
  }

  /** From now on allocations are sampled. */
  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("HeapProfiler.enable");
    await this.#session.post("HeapProfiler.startSampling", { samplingInterval: HEAP_INTERVAL });
  }

  /** A CPU profile is being taken. */
  get running(): boolean {
    return this.#running;
  }

  /** A .cpuprofile of what runs from now on; one at a time. Throws the signal's reason when it aborts meanwhile. */
  async cpu(duration: Duration, signal: AbortSignal): Promise<object> {
    if (this.#running) throw new ProfileRunning("a profile is being taken already");
    this.#running = true;
    try {
      await this.#session.post("Profiler.start");
      const waited = await this.#clock.sleep(duration, { signal }).catch((error: unknown) => ({ error }));
      const { profile } = await this.#session.post("Profiler.stop");
      if (waited) throw waited.error;
      return profile;
    } finally {
      this.#running = false;
    }
  }

  /** A .heapprofile: where that was allocated since the start which is still alive. */
  async heap(): Promise<object> {
    return (await this.#session.post("HeapProfiler.getSamplingProfile")).profile;
  }

  stop(): void {
    this.#session.disconnect();
  }
}
