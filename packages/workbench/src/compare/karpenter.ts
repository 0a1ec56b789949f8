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
  let ended = `${path} serve ended: is it the oracle?`;
  child.once("error", (error) => (ended = `cannot start ${path}: ${error.message}`));
  // Writing to a program that is gone is told by its missing answer.
  child.stdin.on("error", () => {});
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (scenario) => {
      child.stdin.write(`${JSON.stringify(scenario)}\n`);
      const { done, value } = await answers.next();
      if (done === true) throw new UsageError(ended);
      return JSON.parse(value) as unknown;
    },
    close: () => child.stdin.end(),
  };
}
