// Breaks rules of the engine one at a time and looks whether the tests named after them notice. `--json` for the full answer,
// `--only TEXT` for the mutations whose file, rule or description contains the text.

import { fileURLToPath } from "node:url";
import { copyCore, rulePattern } from "./mutation-sample/core-copy.ts";
import type { CoreCopy } from "./mutation-sample/core-copy.ts";
import { MUTATIONS } from "./mutation-sample/mutations.ts";
import type { Mutation } from "./mutation-sample/mutations.ts";
import { runTests } from "./mutation-sample/run-tests.ts";

type Verdict =
  | { readonly state: "caught"; readonly by: string; readonly failed: number }
  /** The tests of the rule are content with the broken engine. */
  | { readonly state: "survived"; readonly tests: number }
  /** Nothing was learnt: the list has to be corrected. */
  | { readonly state: "not applied"; readonly why: string };

const repository = fileURLToPath(new URL("../", import.meta.url));
const wanted = process.argv[process.argv.indexOf("--only") + 1] ?? "";
const chosen = process.argv.includes("--only") ? MUTATIONS.filter((each) => mentions(each, wanted)) : MUTATIONS;
const asJson = process.argv.includes("--json");

const copy = copyCore(repository);
process.once("exit", () => copy.remove());
process.once("SIGINT", () => process.exit(130));

const results: { readonly mutation: Mutation; readonly verdict: Verdict }[] = [];
const known = failuresBefore(copy);
for (const mutation of chosen) {
  const verdict = tried(mutation, copy, known);
  results.push({ mutation, verdict });
  if (!asJson) console.log(line(mutation, verdict));
}
const bad = results.filter(({ verdict }) => verdict.state !== "caught");
if (asJson) console.log(JSON.stringify({ failingBefore: [...known], results }, null, 2));
else console.log(`\n${results.length - bad.length} of ${results.length} caught`);
if (known.size > 0) console.error(`failing without any mutation: ${[...known].join("; ")}`);
process.exitCode = bad.length === 0 && known.size === 0 ? 0 : 1;

function mentions({ file, rules, what }: Mutation, text: string): boolean {
  return [file, what, ...rules].some((each) => each.includes(text));
}

/** Tests that fail anyway catch nothing. */
function failuresBefore({ root, testsCiting }: CoreCopy): ReadonlySet<string> {
  const rules = [...new Set(chosen.flatMap((mutation) => mutation.rules))];
  const { failed, broken, endless } = runTests(root, testsCiting(rules), rulePattern(rules));
  return new Set([...failed, ...broken, ...(endless ? ["the run did not end"] : [])]);
}

function tried(
  { file, find, replace, rules }: Mutation,
  { root, change, testsCiting }: CoreCopy,
  before: ReadonlySet<string>,
): Verdict {
  const files = testsCiting(rules);
  if (files.length === 0) return { state: "not applied", why: `no test cites ${rules.join(" or ")}` };
  const undo = change(file, find, replace);
  if (undo === undefined) return { state: "not applied", why: "the line does not stand there exactly once" };
  try {
    const run = runTests(root, files, rulePattern(rules));
    if (run.endless) return { state: "caught", by: "a test that does not end", failed: 1 };
    const broken = run.broken.filter((name) => !before.has(name));
    if (broken.length > 0) return { state: "not applied", why: `${broken[0] ?? ""} cannot be loaded with it` };
    const failed = run.failed.filter((name) => !before.has(name));
    const [by] = failed;
    if (by === undefined && run.passed === 0) return { state: "not applied", why: "no test of the rule passes anyway" };
    return by === undefined ? { state: "survived", tests: run.passed } : { state: "caught", by, failed: failed.length };
  } finally {
    undo();
  }
}

function line({ rules, what }: Mutation, verdict: Verdict): string {
  const start = `${rules.join(", ").padEnd(22)} ${what.padEnd(72)}`;
  switch (verdict.state) {
    case "caught":
      return `${start} ${verdict.by}${verdict.failed > 1 ? ` and ${verdict.failed - 1} more` : ""}`;
    case "survived":
      return `${start} SURVIVED ${verdict.tests} tests`;
    case "not applied":
      return `${start} NOT APPLIED: ${verdict.why}`;
  }
}
