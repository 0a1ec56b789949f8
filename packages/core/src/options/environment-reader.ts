// Reads a provider's settings from the environment and keeps every mistake, so that all of them are named at once.

import { parseDuration, type Duration } from "../units/index.ts";
import type { SettingsProblem } from "./settings-error.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export class EnvironmentReader {
  readonly problems: SettingsProblem[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** Trimmed; empty when it is not set. */
  text(name: string): string {
    return (this.#env[name] ?? "").trim();
  }

  refuse(setting: string, problem: string, fix: string): void {
    this.problems.push({ setting, value: this.text(setting), problem, fix });
  }

  /** `check` answers the text to use, or throws the error to report. */
  checked(name: string, fallback: string, check: (text: string) => string): string {
    const text = this.text(name);
    if (text === "") return fallback;
    try {
      return check(text);
    } catch (error) {
      this.refuse(name, (error as Error).message, "correct it or leave it out");
      return fallback;
    }
  }

  /** For spreading: `{ [key]: text }`, or {} when it is not set. */
  optional<K extends string>(key: K, name: string, pattern: RegExp, wanted: string): Partial<Record<K, string>> {
    const text = this.text(name);
    if (text === "") return {};
    if (!pattern.test(text)) {
      this.refuse(name, "is written wrongly", `use ${wanted}`);
      return {};
    }
    return { [key]: text } as Partial<Record<K, string>>;
  }

  number(name: string, fallback: number, range: { readonly min: number; readonly max: number }): number {
    const text = this.text(name);
    if (text === "") return fallback;
    const value = Number(text);
    if (Number.isFinite(value) && value >= range.min && value <= range.max) return value;
    this.refuse(name, "is no number in range", `use a number between ${range.min} and ${range.max}`);
    return fallback;
  }

  oneOf<T extends string>(name: string, fallback: T, choices: readonly T[]): T {
    const text = this.text(name);
    if (text === "") return fallback;
    const found = choices.find((choice) => choice === text);
    if (found === undefined) this.refuse(name, "is none of the possible values", `use ${choices.join(" or ")}`);
    return found ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name).toLowerCase();
    if (text === "") return fallback;
    if (text === "true" || text === "false") return text === "true";
    this.refuse(name, "is neither true nor false", "use true or false");
    return fallback;
  }

  duration(name: string, fallback: Duration): Duration {
    const text = this.text(name);
    if (text === "") return fallback;
    try {
      return parseDuration(text);
    } catch {
      this.refuse(name, "is not a duration", "use a text such as 10m or 1h30m");
      return fallback;
    }
  }
}
