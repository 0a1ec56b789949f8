// What commands do with what stands behind them: flags into values, or a sentence that says what is wrong.

import { parseArgs, type ParseArgsConfig } from "node:util";

export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** Nothing is wrong: the message is the help that was asked for. */
class HelpAsked extends UsageError {
  override readonly name = "HelpAsked";
}

/** A "--" that pnpm passes on says nothing. @throws UsageError with the help below, or with the help alone for --help */
export function readFlags<const Config extends Omit<ParseArgsConfig, "args">>(
  argv: readonly string[],
  help: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const args = argv.filter((arg) => arg !== "--");
  const isOwnFlag = config.options !== undefined && "help" in config.options;
  if (!isOwnFlag && (args.includes("--help") || args.includes("-h"))) throw new HelpAsked(help.trim());
  try {
    return parseArgs<Config>({ ...config, args });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${problem}\n${help}`, { cause: error });
  }
}

/** The end of a command that threw: help and exit code 0, or what is wrong and 2. @throws what is no UsageError */
export function endWithUsage(error: unknown): void {
  if (!(error instanceof UsageError)) throw error;
  const isHelp = error instanceof HelpAsked;
  (isHelp ? console.log : console.error)(error.message);
  process.exitCode = isHelp ? 0 : 2;
}
