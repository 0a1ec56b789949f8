// Errors that only say that somebody was faster: what was to be written or deleted is not there any more.

import { isConflict, isNotFound } from "../kube/index.ts";

/** For a patch: nothing is left to write to. */
export function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

/** For a deletion with a uid: a conflict means that the name belongs to another object by now, so ours is gone. */
export function ignoreGone(error: unknown): void {
  if (!isConflict(error)) ignoreNotFound(error);
}
