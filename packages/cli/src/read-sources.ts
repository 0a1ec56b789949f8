// The files that a command was given, or a sentence that names the one that cannot be read.

import { readFile } from "node:fs/promises";
import type { SourceText } from "./commands/lint.ts";

/** Shown to people without a stack. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** @throws UnreadableFile naming the first file that cannot be read, and why */
export async function readSources(names: readonly string[]): Promise<readonly SourceText[]> {
  return await Promise.all(names.map(readSource));
}

async function readSource(name: string): Promise<SourceText> {
  try {
    return { name, text: await readFile(name, "utf8") };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableFile(`${name}: cannot be read (${why})`, { cause });
  }
}
