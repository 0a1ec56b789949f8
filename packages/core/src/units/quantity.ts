// What a Kubernetes quantity text means, exactly: "1500m", "2Gi", "1e3". Values are whole nanos in a bigint; the text form is the
// canonical one of Kubernetes (RT-42).

/** How a quantity is written; it survives parsing and adding. */
export type QuantityFormat = "decimal" | "binary" | "exponent";

export class QuantityError extends Error {
  override readonly name = "QuantityError";
}

interface Suffix {
  readonly format: QuantityFormat;
  /** Power of ten for decimal and exponent, power of 1024 for binary. */
  readonly power: number;
}

const NANO = 1_000_000_000n;
const MILLI_IN_NANOS = 1_000_000n;
const MAX_INT64 = 9_223_372_036_854_775_807n;
/** Beyond this no real amount is meant, and the digits alone would fill memory. */
const MAX_EXPONENT = 400;

const DECIMAL_SUFFIXES: readonly (readonly [string, number])[] = [
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
];
const BINARY_SUFFIXES: readonly string[] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const SUFFIXES: ReadonlyMap<string, Suffix> = new Map<string, Suffix>([
  ...DECIMAL_SUFFIXES.map(([text, power]) => [text, { format: "decimal", power }] as const),
  ...BINARY_SUFFIXES.slice(1).map((text, index) => [text, { format: "binary", power: index + 1 }] as const),
]);

const TEXT = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([A-Za-z]*|[eE][+-]?[0-9]+)$/;

/** Throws QuantityError, naming the text. A number is read as its decimal text. */
export function parseQuantity(text: string | number): Quantity {
  const source = String(text);
  const match = TEXT.exec(source);
  const [, sign = "", whole = "", fraction = "", suffixText = ""] = match ?? [];
  const suffix = parseSuffix(suffixText);
  if (match === null || whole + fraction === "" || suffix === undefined) {
    throw new QuantityError(`quantity ${JSON.stringify(source)} is not a number with a known suffix`);
  }
  const magnitude = toNano(BigInt(whole + fraction), fraction.length, suffix);
  // Kubernetes caps binary amounts only; a fraction below one is written in decimals, which do not round.
  const capped = suffix.format === "binary" && magnitude > MAX_INT64 * NANO ? MAX_INT64 * NANO : magnitude;
  const format = suffix.format === "binary" && capped < NANO && capped > 0n ? "decimal" : suffix.format;
  return Quantity.ofNano(sign === "-" ? -capped : capped, format);
}

/** An exact amount. Immutable. */
export class Quantity {
  static readonly zero = new Quantity(0n, "decimal");
  readonly #nano: bigint;
  readonly format: QuantityFormat;

  private constructor(nano: bigint, format: QuantityFormat) {
    this.#nano = nano;
    this.format = format;
  }

  static ofNano(nano: bigint, format: QuantityFormat = "decimal"): Quantity {
    return new Quantity(nano, format);
  }

  /** Whole units; anything but an integer throws RangeError. */
  static ofUnits(units: number | bigint, format: QuantityFormat = "decimal"): Quantity {
    return new Quantity(BigInt(units) * NANO, format);
  }

  static ofMillis(millis: number | bigint, format: QuantityFormat = "decimal"): Quantity {
    return new Quantity(BigInt(millis) * MILLI_IN_NANOS, format);
  }

  compare(other: Quantity): -1 | 0 | 1 {
    if (this.#nano === other.#nano) return 0;
    return this.#nano < other.#nano ? -1 : 1;
  }

  equals(other: Quantity): boolean {
    return this.#nano === other.#nano;
  }

  add(other: Quantity): Quantity {
    return new Quantity(this.#nano + other.#nano, this.isZero() ? other.format : this.format);
  }

  sub(other: Quantity): Quantity {
    return new Quantity(this.#nano - other.#nano, this.isZero() ? other.format : this.format);
  }

  /** By a whole number; anything else throws RangeError. */
  multiply(factor: number | bigint): Quantity {
    return new Quantity(this.#nano * BigInt(factor), this.format);
  }

  isZero(): boolean {
    return this.#nano === 0n;
  }

  sign(): -1 | 0 | 1 {
    if (this.#nano === 0n) return 0;
    return this.#nano < 0n ? -1 : 1;
  }

  /** Whole units, rounded towards +∞: what is needed is never understated. RangeError when not a safe integer. */
  toNumberUp(): number {
    return safeNumber(ceilDivide(this.#nano, NANO), this);
  }

  /** Whole units, rounded towards −∞: what is there is never overstated. RangeError when not a safe integer. */
  toNumberDown(): number {
    return safeNumber(-ceilDivide(-this.#nano, NANO), this);
  }

  toMillisUp(): number {
    return safeNumber(ceilDivide(this.#nano, MILLI_IN_NANOS), this);
  }

  toMillisDown(): number {
    return safeNumber(-ceilDivide(-this.#nano, MILLI_IN_NANOS), this);
  }

  /** The nearest floating-point number; only for ratios and display. */
  toFloat(): number {
    return Number(this.#nano / NANO) + Number(this.#nano % NANO) / Number(NANO);
  }

  /** Canonical Kubernetes text. */
  toString(): string {
    const sign = this.#nano < 0n ? "-" : "";
    const magnitude = this.#nano < 0n ? -this.#nano : this.#nano;
    const binary = this.format === "binary" && magnitude >= 1024n * NANO && magnitude % NANO === 0n;
    if (binary) return sign + formatBinary(magnitude / NANO);
    return sign + formatDecimal(magnitude, this.format === "exponent");
  }

  toJSON(): string {
    return this.toString();
  }
}

function parseSuffix(text: string): Suffix | undefined {
  const known = SUFFIXES.get(text);
  if (known !== undefined) return known;
  if (!/^[eE][+-]?[0-9]+$/.test(text)) return undefined;
  const power = Number(text.slice(1));
  return Math.abs(power) > MAX_EXPONENT ? undefined : { format: "exponent", power };
}

/** digits × 10^−decimals × suffix in nanos; what is finer than a nano rounds away from zero, as Kubernetes does. */
function toNano(digits: bigint, decimals: number, suffix: Suffix): bigint {
  const power = (suffix.format === "binary" ? 0 : suffix.power) - decimals + 9;
  const scaled = suffix.format === "binary" ? digits * 1024n ** BigInt(suffix.power) : digits;
  return power >= 0 ? scaled * 10n ** BigInt(power) : ceilDivide(scaled, 10n ** BigInt(-power));
}

function ceilDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value > 0n && value % by !== 0n ? quotient + 1n : quotient;
}

function safeNumber(value: bigint, quantity: Quantity): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`quantity ${quantity.toString()} is too large to plan with`);
  return number;
}

/** The largest power of 1024 that divides it. */
function formatBinary(units: bigint): string {
  let rest = units;
  let power = 0;
  while (rest % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    rest /= 1024n;
    power++;
  }
  return `${rest}${BINARY_SUFFIXES[power] ?? ""}`;
}

/** The largest power of 1000 that divides it. */
function formatDecimal(nano: bigint, exponent: boolean): string {
  if (nano === 0n) return "0";
  const limit = exponent ? MAX_EXPONENT : 18;
  let rest = nano;
  let power = -9;
  while (rest % 1000n === 0n && power < limit) {
    rest /= 1000n;
    power += 3;
  }
  if (exponent) return power === 0 ? String(rest) : `${rest}e${power}`;
  return `${rest}${DECIMAL_SUFFIXES.find(([, p]) => p === power)?.[0] ?? ""}`;
}
