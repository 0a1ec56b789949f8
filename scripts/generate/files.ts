// How generated files are compared with what is on disk, and written.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

export interface GeneratedFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export interface GeneratedSet {
  readonly files: readonly GeneratedFile[];
  /** A folder, ending in "/", in which nothing but these files may stand. */
  readonly ownedFolder?: string;
}

export interface StaleFile {
  readonly path: string;
  readonly why: string;
}

export function staleFiles(root: URL, set: GeneratedSet): readonly StaleFile[] {
  const differing = set.files.flatMap(({ path, text }): StaleFile[] => {
    const found = readIfThere(new URL(path, root));
    if (found === text) return [];
    return [{ path, why: found === undefined ? "missing" : "out of date" }];
  });
  return [...differing, ...strangers(root, set).map((path) => ({ path, why: "no longer generated" }))];
}

/** Answers the paths that were written or removed. */
export function writeFiles(root: URL, set: GeneratedSet): readonly string[] {
  const changed = staleFiles(root, set).map(({ path }) => path);
  for (const path of strangers(root, set)) rmSync(new URL(path, root));
  for (const { path, text } of set.files) {
    if (!changed.includes(path)) continue;
    const target = new URL(path, root);
    mkdirSync(new URL("./", target), { recursive: true });
    writeFileSync(target, text);
  }
  return changed;
}

function strangers(root: URL, { files, ownedFolder }: GeneratedSet): readonly string[] {
  if (ownedFolder === undefined) return [];
  const known = new Set(files.map(({ path }) => path));
  return listIfThere(new URL(ownedFolder, root))
    .map((name) => ownedFolder + name)
    .filter((path) => !known.has(path))
    .toSorted();
}

function listIfThere(folder: URL): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function readIfThere(file: URL): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
