// Keeps the process to the memory it was given (RT-45), before most of the program is loaded: Node.js takes such a limit at its start.

import type { Environment } from "@karpenter-multicloud/core/controllers";
import { parseSettings, SettingsError } from "@karpenter-multicloud/core/options";
import { optionsForLimit } from "./heap-limit.ts";

interface Start {
  readonly argv: readonly string[];
  readonly env: Environment;
}

/** Becomes the same program with a smaller heap, as the same process: whoever started it notices nothing (RT-45). */
export function keepToMemoryLimit({ argv, env }: Start): void {
  const options = optionsForLimit(
    { memoryLimit: memoryLimitOf({ argv, env }) },
    { execArgv: process.execArgv, nodeOptions: env["NODE_OPTIONS"] },
  );
  if (options === undefined || process.execve === undefined) return;
  process.execve(process.execPath, [process.execPath, ...options, ...process.argv.slice(1)]);
}

/** What is wrong with the settings is told by the run itself. */
function memoryLimitOf({ argv, env }: Start): number {
  try {
    return parseSettings(argv, env).settings.memoryLimit;
  } catch (error) {
    if (error instanceof SettingsError) return -1;
    throw error;
  }
}
