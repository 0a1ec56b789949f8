// docs/reference/reasons: a page for each reason why a pod waits, with what the engine prints for a small example.

import { reasonPages, REASONS_FOLDER } from "../../packages/workbench/src/reference/reason-page.ts";
import type { GeneratedSet } from "./files.ts";

export function reasonsPages(): GeneratedSet {
  return { ownedFolder: REASONS_FOLDER, files: reasonPages() };
}
