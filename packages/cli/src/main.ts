#!/usr/bin/env node
// kmc, the command-line tool. Exit codes: 0 nothing to say, 1 error, 2 there is something to change.

import { convertProvisioners } from "./commands/convert-provisioner.ts";
import { lint } from "./commands/lint.ts";
import { readSources } from "./read-sources.ts";

const USAGE = `kmc lint FILE...                  checks manifests as an API server with our CRDs would, and names field and fix
kmc convert-provisioner FILE...   prints NodePools in place of Provisioners of karpenter.sh/v1alpha5`;

const [command, ...files] = process.argv.slice(2);
try {
  process.exitCode = await run(command, files);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function run(asked: string | undefined, names: readonly string[]): Promise<number> {
  if (asked === "lint" && names.length > 0) {
    const problems = lint(await readSources(names));
    for (const problem of problems) console.log(problem);
    return problems.length === 0 ? 0 : 2;
  }
  if (asked === "convert-provisioner" && names.length > 0) {
    const sources = await readSources(names);
    process.stdout.write(sources.map(({ text }) => convertProvisioners(text)).join("---\n"));
    return 0;
  }
  const isAsked = asked === "--help" || asked === "-h";
  (isAsked ? console.log : console.error)(USAGE);
  return isAsked ? 0 : 1;
}
