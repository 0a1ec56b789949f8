// Work that can be put down every few milliseconds, so that whoever runs it can look after other things in between (S-1016).

/** A moment to pause. What is yielded says nothing, unless it is one of these. */
export type Steps<T> = Generator<unknown, T, undefined>;

/** Yielded around each simulation, so that whoever has a clock can time them (DM-28). */
export const SimulationMark = { Begins: Symbol("a simulation begins"), Ends: Symbol("it has ended") } as const;

/** Nodes between two pauses. */
export const STRIDE = 64;

/** For whoever has nothing else to do. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
