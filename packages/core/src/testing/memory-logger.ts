// A log that tests can read.

import type { LogFields, Logger } from "../telemetry/index.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** Of `with` and of the call. */
  readonly fields: LogFields;
}

export class MemoryLogger implements Logger {
  /** Shared with the loggers made by `with`. */
  readonly lines: LogLine[];
  readonly #bound: LogFields;

  constructor(lines: LogLine[] = [], bound: LogFields = {}) {
    this.lines = lines;
    this.#bound = bound;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#add("debug", message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#add("info", message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#add("warn", message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add("error", message, fields);
  }

  with(fields: LogFields): MemoryLogger {
    return new MemoryLogger(this.lines, { ...this.#bound, ...fields });
  }

  /** Messages in order, of one level or all. */
  messages(level?: LogLine["level"]): readonly string[] {
    return this.lines.filter((line) => level === undefined || line.level === level).map((line) => line.message);
  }

  find(message: string): LogLine | undefined {
    return this.lines.find((line) => line.message === message);
  }

  #add(level: LogLine["level"], message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields: { ...this.#bound, ...fields } });
  }
}
