// Runs the clients of one cloud against its fake, and tells for each whether it worked.

import { MissingLanguage, prepare, run } from "./prepare.ts";
import { ServedFake } from "./served-fake.ts";
import type { ClientProgram, ClientSuite } from "./suite.ts";

export type Verdict = "passed" | "skipped" | "failed";

export interface Outcome {
  readonly cloud: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** Steps that worked, or why it did not. */
  readonly detail: string;
}

export interface RunOptions {
  /** A language that is missing is a failure. */
  readonly required: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export async function runSuite(suite: ClientSuite, options: RunOptions): Promise<readonly Outcome[]> {
  const fake = await ServedFake.start(suite.cloud, suite.fakeArguments ?? []);
  try {
    const outcomes: Outcome[] = [];
    for (const program of suite.programs) outcomes.push(await runProgram(suite, program, fake, options));
    return outcomes;
  } finally {
    await fake.stop();
  }
}

async function runProgram(
  suite: ClientSuite,
  program: ClientProgram,
  fake: ServedFake,
  { required, say, signal }: RunOptions,
): Promise<Outcome> {
  const about = { cloud: suite.cloud, name: program.name };
  say(`${program.name} against the fake of ${suite.cloud}`);
  try {
    const command = await prepare(program, signal);
    await fake.reset();
    let steps = 0;
    const onLine = (line: string): void => {
      steps++;
      say(`  ${line}`);
    };
    await run(command.program, command.args, {
      signal,
      env: { ...suite.environment(fake.ready), ...command.env },
      onLine,
    });
    const wrong = await complaints(suite, fake);
    if (wrong.length > 0) return { ...about, verdict: "failed", detail: wrong.join("; ") };
    return { ...about, verdict: "passed", detail: `${steps} steps` };
  } catch (error) {
    signal.throwIfAborted();
    const detail = error instanceof Error ? error.message : String(error);
    const verdict = error instanceof MissingLanguage && !required ? "skipped" : "failed";
    say(verdict === "skipped" ? `!!! SKIPPED: ${program.name}: ${detail}` : `  FAILED: ${detail}`);
    return { ...about, verdict, detail };
  }
}

/** What the fake saw and did not like, and what it should have seen and did not. */
async function complaints({ provokes = [] }: ClientSuite, fake: ServedFake): Promise<readonly string[]> {
  const seen = await fake.violations();
  const unexpected = seen
    .filter(({ kind }) => !provokes.includes(kind))
    .map(({ kind, message }) => `${kind}: ${message}`);
  const absent = provokes.filter((kind) => !seen.some((violation) => violation.kind === kind));
  return [...unexpected, ...absent.map((kind) => `the fake did not notice: ${kind}`)];
}
