// The demo command: opens a world, plays the scenario, shows it, and says what came of it.

import "reflect-metadata";
import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { UsageError } from "../command-line/read-flags.ts";
import { DEMO_HELP, parseDemoOptions } from "./options.ts";
import { ManifestError } from "./manifests.ts";
import { runDemo } from "./run-demo.ts";

try {
  const options = parseDemoOptions(process.argv.slice(2), process.stdout.isTTY, process.env);
  if (options.help) console.log(DEMO_HELP);
  else process.exitCode = (await runDemo(options, { logger: new MemoryLogger(), out: process.stdout })) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof ManifestError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
