#!/usr/bin/env node
// kmc, the command-line tool. Exit codes: 0 nothing to say, 1 error, 2 there is something to change.

import { readFile } from "node:fs/promises";
import { convertProvisioners } from "./commands/convert-provisioner.ts";
import { lint } from "./commands/lint.ts";

const USAGE = `kmc lint FILE...                  checks manifests as an API server with our CRDs would, and names field and fix
kmc convert-provisioner FILE...   prints NodePools in place of Provisioners of karpenter.sh/v1alpha5`;

const [command, ...files] = process.argv.slice(2);
if (command === "lint" && files.length > 0) {
  const sources = await Promise.all(files.map(async (name) => ({ name, text: await readFile(name, "utf8") })));
  const problems = lint(sources);
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.length === 0 ? 0 : 2;
} else if (command === "convert-provisioner" && files.length > 0) {
  const texts = await Promise.all(files.map((name) => readFile(name, "utf8")));
  try {
    process.stdout.write(texts.map((text) => convertProvisioners(text)).join("---\n"));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
} else {
  console.error(USAGE);
  process.exitCode = command === "--help" || command === "-h" ? 0 : 1;
}
