// A copy of packages/core in a temporary folder, in which tests run as in the repository and files may be broken.

import { cpSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

export interface CoreCopy {
  readonly root: string;
  /** Undefined: `find` does not stand there exactly once. Otherwise the file is changed until the answer is called. */
  readonly change: (file: string, find: string, replace: string) => (() => void) | undefined;
  /** Test files whose text cites one of the rules, from the root. */
  readonly testsCiting: (rules: readonly string[]) => readonly string[];
  readonly remove: () => void;
}

const SOURCES = "packages/core/src";

export function copyCore(repository: string): CoreCopy {
  const root = mkdtempSync(join(tmpdir(), "mutation-sample-"));
  mkdirSync(join(root, "packages/core"), { recursive: true });
  for (const file of ["package.json", "tsconfig.base.json", "vitest.config.ts", "packages/core/package.json"]) {
    cpSync(join(repository, file), join(root, file));
  }
  cpSync(join(repository, SOURCES), join(root, SOURCES), { recursive: true });
  for (const folder of ["node_modules", "packages/core/node_modules"]) {
    symlinkSync(join(repository, folder), join(root, folder), "junction");
  }
  const sources = sourceFiles(root);
  const tests = sources
    .filter((name) => name.endsWith(".test.ts"))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  return {
    root,
    change: (file, find, replace) => changeOnce(placesOf(file, sources, root), find, replace),
    testsCiting: (rules) => tests.filter(({ text }) => rulePattern(rules).test(text)).map(({ path }) => path),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** "T-1" is not part of "T-12", and "S-114" not of "S-114a". */
export function rulePattern(rules: readonly string[]): RegExp {
  return new RegExp(`\\b(?:${rules.join("|")})(?![0-9a-z])`);
}

/** The file itself, or those of its name when it is not there any more. */
function placesOf(file: string, sources: readonly string[], root: string): readonly string[] {
  const path = `${SOURCES}/${file}`;
  const found = sources.includes(path) ? [path] : sources.filter((each) => basename(each) === basename(file));
  return found.map((each) => join(root, each));
}

function changeOnce(paths: readonly string[], find: string, replace: string): (() => void) | undefined {
  const having = paths.flatMap((path) => {
    const before = readFileSync(path, "utf8");
    return before.includes(find) ? [{ path, before }] : [];
  });
  const [only] = having;
  if (only === undefined || having.length > 1 || only.before.split(find).length !== 2) return undefined;
  const { path, before } = only;
  writeFileSync(
    path,
    before.replace(find, () => replace),
  );
  return () => writeFileSync(path, before);
}

/** From the root, with forward slashes. */
function sourceFiles(root: string): readonly string[] {
  return readdirSync(join(root, SOURCES), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${SOURCES}/${name.replaceAll("\\", "/")}`)
    .toSorted();
}
