// Small writes that others get in the way of are tried again at once, a few times, before anybody gives anything up for it (D-114).

import { isNotFound } from "../kube/index.ts";
import { milliseconds } from "../units/index.ts";
import type { ControllerDeps } from "./deps.ts";

const TRIES = 4;
const FIRST_WAIT = 10;
const FACTOR = 5;
const JITTER = 0.1;

/** `work` gets the number of tries before, so that it can read anew. What is not there is not tried again. */
export async function retried<T>(
  { clock, random }: Pick<ControllerDeps, "clock" | "random">,
  work: (before: number) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (let before = 0; ; before++) {
    signal.throwIfAborted();
    try {
      return await work(before);
    } catch (error) {
      if (isNotFound(error) || before >= TRIES - 1 || signal.aborted) throw error;
      const wait = FIRST_WAIT * FACTOR ** before * (1 + JITTER * random());
      await clock.sleep(milliseconds(Math.round(wait)), { signal });
    }
  }
}
