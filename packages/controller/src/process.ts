// The controller as an operating system process: its signals, its streams, its end.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Environment, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { runController } from "./run.ts";

export interface ProcessOptions {
  readonly argv: readonly string[];
  readonly env: Environment;
  /** A provider of one's own, instead of the one that --provider names. */
  readonly factory?: ProviderFactory;
}

/** Never returns: the process ends with 0 after a stop, with 2 when its settings are wrong and with 1 otherwise (RT-46). */
export async function runProcess({ argv, env, factory }: ProcessOptions): Promise<never> {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      // Whoever asks twice does not want to wait (OP-9).
      if (stop.signal.aborted) process.exit(1);
      stop.abort(new Error(`received ${name}`));
    });
  }
  const broken = Promise.withResolvers<Error>();
  // What nobody handles leaves a state nobody knows: the next process starts from a known one (RT-28).
  process.on("unhandledRejection", (cause) => broken.resolve(new Error("unhandled rejection", { cause })));
  process.on("uncaughtException", (cause) => broken.resolve(new Error("uncaught exception", { cause })));
  const code = await runController({
    argv,
    env,
    ...(factory === undefined ? {} : { factory }),
    stop: stop.signal,
    broken: broken.promise,
    stdout: process.stdout,
    stderr: process.stderr,
    identity: `${hostname()}_${randomUUID()}`,
    // oxlint-disable-next-line no-restricted-properties -- the edge of the process
    random: () => Math.random(),
  });
  process.exit(code);
}
