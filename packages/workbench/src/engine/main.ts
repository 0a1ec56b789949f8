// `pnpm --silent engine`: questions about clusters as lines of JSON on standard input, one answer per line on standard output, in order.

import { createInterface } from "node:readline";
import { answerLine } from "./answer-line.ts";

if (process.argv.includes("--help") || process.argv.includes("-h")) {
  console.log(
    "pnpm --silent engine < QUESTIONS: one JSON object per line in, one answer per line out; see docs/reference/engine.md",
  );
  process.exit(0);
}

const stopwatch = (): number => performance.now();

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read the answers has gone: nothing is left to do.
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const answer = answerLine(line, { stopwatch });
  if (answer !== undefined && !process.stdout.write(`${answer}\n`)) {
    await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
  }
}
