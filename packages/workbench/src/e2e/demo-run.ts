// One run of the demo command inside a test: what it printed, what it logged, what it decided.

import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import type { CloudOpener } from "../demo/demo-cloud.ts";
import { parseDemoOptions } from "../demo/options.ts";
import { runDemo } from "../demo/run-demo.ts";

export interface DemoRun {
  readonly converged: boolean;
  readonly lines: readonly string[];
  /** The JSON line at the end. */
  readonly totals: Readonly<Record<string, unknown>>;
  readonly logger: MemoryLogger;
}

/** As `demo --ci` with these arguments; `cloud` stands in for the one of the options. */
export async function runDemoCommand(argv: readonly string[], cloud?: CloudOpener): Promise<DemoRun> {
  const written: string[] = [];
  const logger = new MemoryLogger();
  const options = parseDemoOptions(["--ci", ...argv], false);
  const out = { write: (text: string) => void written.push(text) };
  const converged = await runDemo(options, { logger, out, ...(cloud ? { cloud } : {}) });
  const lines = written.join("").trimEnd().split("\n");
  return { converged, lines, logger, totals: JSON.parse(lines.at(-1) ?? "") as Readonly<Record<string, unknown>> };
}
