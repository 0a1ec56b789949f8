// JSON as text with its fields in one order and prices without the noise of floating point, so that two answers can be compared as text.

/** The format rounds sums of prices to so many digits; single prices it leaves as a calculation left them. */
const DIGITS = 1e9;

export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === "number") return Math.round(each * DIGITS) / DIGITS;
    return typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each;
  });
}
