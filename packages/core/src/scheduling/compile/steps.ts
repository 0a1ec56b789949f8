// Long work in small parts: whoever runs it may do something else at each pause, without changing the outcome (S-1016).

/** Ends with T. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Pods or nodes between two pauses: a millisecond or two, also while nothing is warm yet. */
export const STRIDE = 64;

/** Without a pause. */
export function finish<T>(steps: Generator<unknown, T, undefined>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
