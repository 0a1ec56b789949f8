// What commands do with what stands behind them: flags into values, or a sentence that says what is wrong.

import { parseArgs, type ParseArgsConfig } from "node:util";

export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A "--" that pnpm passes on says nothing. @throws UsageError with the help below */
export function readFlags<const Config extends Omit<ParseArgsConfig, "args">>(
  argv: readonly string[],
  help: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs<Config>({ ...config, args: argv.filter((arg) => arg !== "--") });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${problem}\n${help}`, { cause: error });
  }
}
