// Which file imports which: read from the sources as text, for the tests of the repository's own shape.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");

export interface SourceImport {
  /** From the repository's root, with forward slashes. */
  readonly file: string;
  /** As written: "./x.ts", "node:fs", "@karpenter-multicloud/core/api". */
  readonly specifier: string;
  /** The imported file from the repository's root, for relative imports. */
  readonly target?: string;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

/** All imports of all packages' sources, tests included. */
export function readImports(): readonly SourceImport[] {
  const found: SourceImport[] = [];
  for (const file of sourceFiles(join(ROOT, "packages"))) {
    const text = readFileSync(file, "utf8");
    for (const match of text.matchAll(IMPORT)) {
      const specifier = match[1] ?? match[2] ?? match[3] ?? "";
      const target = specifier.startsWith(".") ? fromRoot(resolve(dirname(file), specifier)) : undefined;
      found.push({ file: fromRoot(file), specifier, ...(target === undefined ? {} : { target }) });
    }
  }
  return found;
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path.includes(`${sep}src${sep}`) && !/[\\/](node_modules|dist)[\\/]/.test(path))
    .toSorted();
}

function fromRoot(path: string): string {
  return relative(ROOT, path).split(sep).join("/");
}
