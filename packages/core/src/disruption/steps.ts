// Work that can be put down every few milliseconds, so that whoever runs it can look after other things in between (S-1016).

/** What is yielded says nothing; only that this is a moment to pause. */
export type Steps<T> = Generator<unknown, T, undefined>;

/** Nodes between two pauses. */
export const STRIDE = 64;

/** For whoever has nothing else to do. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
