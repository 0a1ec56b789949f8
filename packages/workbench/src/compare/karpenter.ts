// The program that runs Karpenter's own core, asked scenario by scenario: one process, one line of JSON each way.

import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { createInterface } from "node:readline";
import { UsageError } from "./options.ts";

export interface Karpenter {
  /** The answer as JSON; the program answers in the order of the questions. */
  ask(scenario: object): Promise<unknown>;
  close(): void;
}

/** @throws UsageError when there is nothing to run at that path */
export async function startKarpenter(path: string): Promise<Karpenter> {
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    throw new UsageError(`"${path}" is no program that can be run: give --oracle the path of the oracle's binary`, {
      cause: error,
    });
  }
  const child = spawn(path, ["serve"], { stdio: ["pipe", "pipe", "ignore"] });
  const failure = new Promise<never>((_, reject) => {
    child.once("error", (error) => reject(new UsageError(`cannot start ${path}: ${error.message}`, { cause: error })));
    child.once("exit", (code) =>
      reject(new UsageError(`${path} serve ended with ${code ?? "a signal"}: is it the oracle?`)),
    );
  });
  failure.catch(() => {});
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (scenario) => {
      child.stdin.write(`${JSON.stringify(scenario)}\n`);
      const { value } = await Promise.race([answers.next(), failure]);
      return JSON.parse(String(value));
    },
    close: () => child.stdin.end(),
  };
}
