// How fast a fake cloud's states change, in milliseconds of the clock it was given.

/** "fast": every change within half a second; a number: that many times faster than "real"; or single durations. */
export type SpeedOf<Durations> = "fast" | "real" | number | Partial<Durations>;

export function durationsAt<Durations extends object>(
  speed: SpeedOf<Durations>,
  known: { readonly real: Durations; readonly fast: Durations },
): Durations {
  if (speed === "fast") return known.fast;
  if (speed === "real") return known.real;
  if (typeof speed !== "number") return { ...known.real, ...speed };
  if (!(speed > 0)) throw new RangeError(`speed factor ${speed} is not above 0`);
  const scaled = Object.entries(known.real).map(([name, ms]) => [name, Number(ms) / speed] as const);
  return Object.fromEntries(scaled) as unknown as Durations;
}
