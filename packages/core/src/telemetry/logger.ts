// The port to the log. Messages are constant and lower case; facts go into fields.

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  /** Something changed in the world. */
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** A person should look. An Error under the field `error` is written as its message and code. */
  error(message: string, fields?: LogFields): void;
  with(fields: LogFields): Logger;
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};
