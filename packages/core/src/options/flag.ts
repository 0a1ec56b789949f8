// What one flag is, and the forms its value may take.

import { DurationError, formatDuration, parseDuration } from "../units/index.ts";
import type { Duration } from "../units/index.ts";

export interface Flag<T = unknown> {
  /** Without dashes. */
  readonly name: string;
  readonly env: string;
  /** In the form users write it; undefined means that it must be given. */
  readonly default: string | undefined;
  readonly help: string;
  /** Form of the value, for help and messages: "port", "duration", "Respect|Ignore". */
  readonly form: string;
  /** May be given without a value, which then is true. */
  readonly isSwitch: boolean;
  /** @throws FlagValueError */
  readonly parse: (text: string) => T;
  /** Value of the environment variable, where more forms are allowed. @defaultValue parse */
  readonly parseEnv?: (text: string) => T;
  /** Why it changes nothing here, for a flag that is only taken because Karpenter has it. */
  readonly withoutEffect?: string;
}

/** A value that cannot be used, and one that can. */
export class FlagValueError extends Error {
  override readonly name = "FlagValueError";
  readonly fix: string;
  /** True when the text has not even the right form: from the environment the default then stands in (OP-3). */
  readonly unreadable: boolean;

  constructor(problem: string, fix: string, unreadable: boolean) {
    super(problem);
    this.fix = fix;
    this.unreadable = unreadable;
  }
}

export interface FlagText {
  readonly name: string;
  readonly env: string;
  readonly default?: string;
  readonly help: string;
  readonly withoutEffect?: string;
}

type Form<T> = Pick<Flag<T>, "form" | "parse"> & Partial<Pick<Flag<T>, "isSwitch" | "parseEnv">>;

function flag<T>(text: FlagText, form: Form<T>): Flag<T> {
  return { isSwitch: false, default: undefined, ...text, ...form };
}

export function textFlag(text: FlagText, form: string, check: (value: string) => string | undefined): Flag<string> {
  return flag(text, {
    form,
    parse: (value) => {
      const fix = check(value);
      if (fix !== undefined) throw new FlagValueError("it is not usable", fix, false);
      return value;
    },
  });
}

export function integerFlag(text: FlagText, form: string, min: number, max: number): Flag<number> {
  return flag(text, {
    form,
    parse: (value) => {
      const fix = `use a whole number from ${min} to ${max}`;
      if (!/^[+-]?\d+$/.test(value)) throw new FlagValueError("it is not a whole number", fix, true);
      const number = Number(value);
      if (number < min || number > max) throw new FlagValueError("it is out of range", fix, false);
      return number;
    },
  });
}

/** Flags take true or false only; the environment also what Go's ParseBool takes (OP-3). */
export function switchFlag(text: FlagText): Flag<boolean> {
  const parse = (truths: readonly string[], lies: readonly string[]) => (value: string) => {
    if (truths.includes(value)) return true;
    if (lies.includes(value)) return false;
    throw new FlagValueError("it is neither true nor false", "use true or false", true);
  };
  return flag(text, {
    form: "true|false",
    isSwitch: true,
    parse: parse(["true"], ["false"]),
    parseEnv: parse(["1", "t", "T", "TRUE", "true", "True"], ["0", "f", "F", "FALSE", "false", "False"]),
  });
}

/** Go's duration syntax; `orNever` also takes "Never", which is infinite. */
export function durationFlag(text: FlagText, min: Duration, orNever = false): Flag<Duration> {
  const form = orNever ? "duration|Never" : "duration";
  const fix = `use a duration such as 1m30s, at least ${formatDuration(min)}${orNever ? ", or Never" : ""}`;
  return flag(text, {
    form,
    parse: (value) => {
      if (orNever && value === "Never") return Number.POSITIVE_INFINITY as Duration;
      const duration = readDuration(value, fix);
      if (duration < min) throw new FlagValueError("it is too short", fix, false);
      return duration;
    },
  });
}

function readDuration(value: string, fix: string): Duration {
  try {
    return parseDuration(value);
  } catch (error) {
    if (error instanceof DurationError) throw new FlagValueError("it is not a duration", fix, true);
    throw error;
  }
}

export function choiceFlag<T extends string>(text: FlagText, choices: readonly T[]): Flag<T> {
  return flag(text, {
    form: choices.join("|"),
    parse: (value) => {
      const known = choices.find((choice) => choice === value);
      if (known !== undefined) return known;
      throw new FlagValueError("it is not one of the choices", `use ${choices.join(" or ")}`, false);
    },
  });
}

/** A form of its own; the parser throws plain Errors, or FlagValueErrors that know better what to do. */
export function parsedFlag<T>(text: FlagText, form: string, fix: string, parse: (value: string) => T): Flag<T> {
  return flag(text, {
    form,
    parse: (value) => {
      try {
        return parse(value);
      } catch (error) {
        if (error instanceof FlagValueError) throw error;
        throw new FlagValueError(error instanceof Error ? error.message : String(error), fix, false);
      }
    },
  });
}
