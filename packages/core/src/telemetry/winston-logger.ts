// The log of a real process: one JSON object per line (OP-11), sampled, without secrets.

import { createLogger, format, transports } from "winston";
import type { Logger as Winston } from "winston";

import { LineSampler } from "./line-sampler.ts";
import type { LogFields, Logger } from "./logger.ts";
import { Redactor, errorText } from "./redaction.ts";

type Level = "debug" | "info" | "warn" | "error";

const LEVELS: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 2, debug: 3 };
const LINE: unique symbol = Symbol.for("message") as never;

export interface WinstonLoggerOptions {
  readonly level: Level;
  /** @defaultValue standard output */
  readonly stream?: NodeJS.WritableStream;
  /** 7 hex digits, "-dirty" behind them for a changed tree. */
  readonly commit?: string;
  /** Epoch ms of the lines. @defaultValue the machine's time */
  readonly now?: () => number;
}

export interface WinstonLogger extends Logger {
  with(fields: LogFields): WinstonLogger;
  /** Hides these values in every later line, in all spellings; asked again each time. */
  redact(values: () => readonly string[]): void;
  /** Lines that sampling kept back. */
  readonly dropped: number;
  /** Resolves when all lines have reached the stream; nothing is written afterwards. */
  close(): Promise<void>;
}

interface Sink {
  readonly winston: Winston;
  readonly sampler: LineSampler;
  readonly redactor: Redactor;
  readonly now: () => number;
  readonly commit: string | undefined;
  readonly close: () => Promise<void>;
}

export function createWinstonLogger(options: WinstonLoggerOptions): WinstonLogger {
  const transport = new transports.Stream({ stream: options.stream ?? process.stdout, eol: "\n" });
  const winston = createLogger({
    level: options.level,
    levels: { ...LEVELS },
    // The line is complete when it arrives here; winston only routes it.
    format: format((info) => info)(),
    transports: [transport],
  });
  const sink: Sink = {
    winston,
    sampler: new LineSampler(),
    redactor: new Redactor(),
    // oxlint-disable-next-line no-restricted-properties -- the log is an adapter
    now: options.now ?? (() => Date.now()),
    commit: options.commit,
    close: () =>
      new Promise((resolve) => {
        transport.once("finish", resolve);
        winston.end();
      }),
  };
  return loggerWith(sink, {});
}

function loggerWith(sink: Sink, bound: LogFields): WinstonLogger {
  const write = (level: Level, message: string, fields: LogFields = {}): void => {
    if (LEVELS[level] > (LEVELS[sink.winston.level as Level] ?? LEVELS.info)) return;
    const now = sink.now();
    if (!sink.sampler.admits(level, message, now)) return;
    const line = JSON.stringify(lineOf(sink, level, message, now, { ...bound, ...fields }));
    sink.winston.log({ level, message, [LINE]: line } as never);
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    with: (fields) => loggerWith(sink, { ...bound, ...fields }),
    redact: (values) => sink.redactor.add(values),
    close: sink.close,
    get dropped() {
      return sink.sampler.dropped;
    },
  };
}

function lineOf(sink: Sink, level: Level, message: string, now: number, fields: LogFields): Record<string, unknown> {
  const { redactor, commit } = sink;
  const line: Record<string, unknown> = {
    level: level.toUpperCase(),
    time: new Date(now).toISOString(),
    logger: "controller",
    message: redactor.text(message),
    ...(commit === undefined ? {} : { commit }),
  };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    // A field never replaces what every line has.
    line[name in line ? `field.${name}` : name] = redactor.field(name, value);
  }
  const failure = fields["error"];
  if (failure instanceof Error) Object.assign(line, errorKeys(redactor, failure, line));
  return line;
}

/** The text under `error`, its code beside it. */
function errorKeys(redactor: Redactor, failure: Error, line: Readonly<Record<string, unknown>>): LogFields {
  const { code, reason } = failure as { readonly code?: unknown; readonly reason?: unknown };
  return {
    error: redactor.text(errorText(failure)),
    ...(code === undefined || "errorCode" in line ? {} : { errorCode: redactor.value(code) }),
    ...(reason === undefined || "errorReason" in line ? {} : { errorReason: redactor.value(reason) }),
  };
}
