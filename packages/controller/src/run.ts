// One life of the controller: from its arguments to its exit code (OP-7, OP-9, RT-46).

import { parseSettings, SettingsError } from "@karpenter-multicloud/core/options";
import type { Environment, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { errorText } from "@karpenter-multicloud/core/telemetry";
import { compose, type Composition } from "./compose.ts";
import { live } from "./life.ts";

/** 0 a clean stop, 1 a failure while running or a lost lease, 2 wrong settings. */
export type ExitCode = 0 | 1 | 2;

export interface RunInput {
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortSignal;
  /** A provider of one's own, instead of the one that --provider names. */
  readonly factory?: ProviderFactory;
  /** Resolves when something failed that nobody handles. */
  readonly broken: Promise<Error>;
  /** Help and the log. */
  readonly stdout: NodeJS.WritableStream;
  /** What is wrong before there is a log, and with the log itself. */
  readonly stderr: NodeJS.WritableStream;
  /** New for each process. */
  readonly identity: string;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
}

export async function runController(input: RunInput): Promise<ExitCode> {
  let parts: Composition;
  try {
    const parsed = parseSettings(input.argv, input.env);
    if (parsed.help !== undefined) {
      await written(input.stdout, parsed.help);
      return 0;
    }
    parts = await compose(parsed, input);
  } catch (error) {
    const isOurs = error instanceof SettingsError;
    await written(input.stderr, `karpenter: ${isOurs ? error.message : errorText(error)}\n`);
    return isOurs ? 2 : 1;
  }
  const { logger } = parts;
  let code: ExitCode = 1;
  try {
    code = await Promise.race([live(parts, input.stop), input.broken.then((error) => Promise.reject(error))]);
  } catch (error) {
    logger.error("the process ends", { error });
  }
  await logger.close();
  parts.closeLog();
  return code;
}

/** Resolves when the text has left the process: what follows may be its end. */
function written(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}
