// How long: durations as milliseconds, read and written the way Go does ("1h30m0s"), because flags and CRDs use that syntax (RT-40).

declare const unit: unique symbol;

/** Milliseconds; fractions are possible ("1us"). */
export type Duration = number & { readonly [unit]: "ms" };

export class DurationError extends Error {
  override readonly name = "DurationError";
}

/** The longest that fits Go's 64-bit nanoseconds, about 292 years. */
const MAX_NANOS = 9_223_372_036_854_775_807n;
const NANOS_PER_MS = 1_000_000;

const NANOS: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["\u00b5s", 1e3],
  ["\u03bcs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3600e9],
]);
const PART = /([0-9]*)(?:\.([0-9]*))?([^0-9.]+)/y;

export function milliseconds(n: number): Duration {
  return n as Duration;
}

export function seconds(n: number): Duration {
  return (n * 1000) as Duration;
}

export function minutes(n: number): Duration {
  return (n * 60_000) as Duration;
}

export function hours(n: number): Duration {
  return (n * 3_600_000) as Duration;
}

/** Go's syntax: an optional sign, then numbers with units ns, us, ms, s, m, h; a bare "0" needs none. Throws DurationError. */
export function parseDuration(text: string): Duration {
  const body = /^[+-]/.test(text) ? text.slice(1) : text;
  if (body === "0") return milliseconds(0);
  if (body === "") throw invalid(text, "it is empty");
  let total = 0n;
  for (let at = 0; at < body.length; at = PART.lastIndex) {
    PART.lastIndex = at;
    const [, whole = "", fraction = "", unitText = ""] = PART.exec(body) ?? [];
    const nanos = NANOS.get(unitText);
    if (whole + fraction === "") throw invalid(text, "it must be numbers with units, as 1h30m");
    if (nanos === undefined) throw invalid(text, `unit ${JSON.stringify(unitText)} is not one of ns, us, ms, s, m, h`);
    total += BigInt(whole === "" ? "0" : whole) * BigInt(nanos) + fractionNanos(fraction, nanos);
  }
  if (total > MAX_NANOS) throw invalid(text, "it is longer than 292 years");
  return fromNanos(text.startsWith("-") ? -total : total);
}

/** As parseDuration; "Never" is no duration. */
export function parseNillableDuration(text: string): Duration | undefined {
  return text === "Never" ? undefined : parseDuration(text);
}

/** Go's text: "1h30m0s", "1.5s", "300ms", "0s". */
export function formatDuration(duration: Duration): string {
  const signed = toNanos(duration);
  const nanos = signed < 0n ? -signed : signed;
  return (signed < 0n ? "-" : "") + formatNanos(nanos);
}

function formatNanos(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  if (nanos < 1_000n) return `${nanos}ns`;
  if (nanos < 1_000_000n) return `${decimal(nanos, 1_000n)}\u00b5s`;
  if (nanos < 1_000_000_000n) return `${decimal(nanos, 1_000_000n)}ms`;
  const minute = 60_000_000_000n;
  const secondsText = `${decimal(nanos % minute, 1_000_000_000n)}s`;
  const wholeMinutes = nanos / minute;
  if (wholeMinutes === 0n) return secondsText;
  if (wholeMinutes < 60n) return `${wholeMinutes}m${secondsText}`;
  return `${wholeMinutes / 60n}h${wholeMinutes % 60n}m${secondsText}`;
}

/** nanos ÷ by, with the digits it needs and no more. */
function decimal(nanos: bigint, by: bigint): string {
  const rest = nanos % by;
  if (rest === 0n) return String(nanos / by);
  const digits = String(rest)
    .padStart(String(by).length - 1, "0")
    .replace(/0+$/, "");
  return `${nanos / by}.${digits}`;
}

/** Cut to whole nanoseconds in floating point as Go does, so that 0.3333333333333333333h is 20m there and here. */
function fractionNanos(digits: string, nanos: number): bigint {
  let used = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = used * 10n + BigInt(digit);
    // Finer digits than 63 bits hold change nothing.
    if (next > MAX_NANOS) break;
    used = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(used) * (nanos / scale)));
}

function fromNanos(nanos: bigint): Duration {
  const perMs = BigInt(NANOS_PER_MS);
  return milliseconds(Number(nanos / perMs) + Number(nanos % perMs) / NANOS_PER_MS);
}

function toNanos(duration: Duration): bigint {
  if (!Number.isFinite(duration)) throw new DurationError(`duration of ${duration} ms has no text`);
  const whole = Math.trunc(duration);
  return BigInt(whole) * BigInt(NANOS_PER_MS) + BigInt(Math.round((duration - whole) * NANOS_PER_MS));
}

function invalid(text: string, why: string): DurationError {
  return new DurationError(`duration ${JSON.stringify(text)} cannot be read: ${why}`);
}
