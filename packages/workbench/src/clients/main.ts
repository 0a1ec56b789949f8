// `pnpm test:clients [cloud …]`: clients that other people wrote, unchanged, against the fake clouds.

import { SUITES } from "./clouds.ts";
import { runSuite, type Outcome } from "./run-suite.ts";

/** Building scw through a slow registry takes ten minutes; nothing takes longer. */
const PATIENCE_MS = 30 * 60_000;

const wanted = process.argv.slice(2).filter((argument) => argument !== "--");
const known = SUITES.map(({ cloud }) => cloud);
const unknown = wanted.filter((cloud) => !known.includes(cloud));
if (unknown.includes("--help") || unknown.includes("-h")) {
  console.log(
    `pnpm test:clients [${known.join("|")}]...: clients that others wrote, against the fake clouds; all without a name`,
  );
} else if (unknown.length > 0) {
  console.error(`no clients of "${unknown.join(" ")}": write ${known.join(", ")}, or nothing for all`);
  process.exitCode = 2;
} else {
  const outcomes: Outcome[] = [];
  for (const suite of SUITES.filter(({ cloud }) => wanted.length === 0 || wanted.includes(cloud))) {
    outcomes.push(
      ...(await runSuite(suite, {
        required: process.env["KMC_REQUIRE_CLIENTS"] === "1",
        say: (line) => console.log(line),
        signal: AbortSignal.timeout(PATIENCE_MS),
      })),
    );
  }
  console.log();
  for (const { cloud, name, verdict, detail } of outcomes)
    console.log(`${verdict.padEnd(8)} ${cloud} ${name}: ${detail}`);
  if (outcomes.some(({ verdict }) => verdict === "failed")) process.exitCode = 1;
}
