// Rules of the engine, each broken in one line. A test that is named after the rule has to notice.

import { readFileSync } from "node:fs";

export interface Mutation {
  /** As test names cite them; a test of any of them may notice. */
  readonly rules: readonly string[];
  /** What is broken, for the table. */
  readonly what: string;
  /** Below packages/core/src. Where the file has moved, the one file of its name that has the line is taken. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** The list is data: it follows the engine wherever its lines go. */
export const MUTATIONS: readonly Mutation[] = JSON.parse(
  readFileSync(new URL("./mutations.json", import.meta.url), "utf8"),
);
