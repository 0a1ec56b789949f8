// What counts as an integer in a requirement, and which integers lie between two bounds (S-101, S-104).

/** Inclusive; undefined is open. */
export interface Bounds {
  readonly gte: number | undefined;
  readonly lte: number | undefined;
}

export const OPEN: Bounds = { gte: undefined, lte: undefined };

const INTEGER = /^[+-]?[0-9]+$/;
const MAX_INT64 = 9_223_372_036_854_775_807n;

/** Optional sign and decimal digits, nothing else. Beyond ±(2^53 − 1) all integers are one: no label needs them apart. */
function parseInteger(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(text)));
}

/** Whether the text is an integer that a 64-bit field can hold and that is not negative (S-123). */
export function isBoundText(text: string): boolean {
  if (!INTEGER.test(text)) return false;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return value >= 0n && value <= MAX_INT64;
}

/** The bounds of Gt, Gte, Lt or Lte; undefined when no integer can satisfy them. */
export function boundsOf(operator: "Gt" | "Gte" | "Lt" | "Lte", text: string | undefined): Bounds | undefined {
  const value = text === undefined ? undefined : parseInteger(text);
  if (text === undefined || value === undefined) return undefined;
  switch (operator) {
    case "Gt":
      if (BigInt(text.startsWith("+") ? text.slice(1) : text) >= MAX_INT64) return undefined;
      return { gte: Math.min(value + 1, Number.MAX_SAFE_INTEGER), lte: undefined };
    case "Gte":
      return { gte: value, lte: undefined };
    case "Lt":
      return { gte: undefined, lte: Math.max(value - 1, -Number.MAX_SAFE_INTEGER) };
    case "Lte":
      return { gte: undefined, lte: value };
  }
}

/** Without bounds everything is within; with one, only integers are. */
export function within(value: string, { gte, lte }: Bounds): boolean {
  if (gte === undefined && lte === undefined) return true;
  const integer = parseInteger(value);
  return integer !== undefined && (gte === undefined || integer >= gte) && (lte === undefined || integer <= lte);
}

export function intersectBounds(a: Bounds, b: Bounds): Bounds {
  return {
    gte: a.gte === undefined ? b.gte : b.gte === undefined ? a.gte : Math.max(a.gte, b.gte),
    lte: a.lte === undefined ? b.lte : b.lte === undefined ? a.lte : Math.min(a.lte, b.lte),
  };
}

/** Bounds that no integer satisfies. */
export function crossing({ gte, lte }: Bounds): boolean {
  return gte !== undefined && lte !== undefined && gte > lte;
}
