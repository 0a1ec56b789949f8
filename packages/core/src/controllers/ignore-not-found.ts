// An error that only says that somebody was faster: what was to be written or deleted is not there any more.

import { isNotFound } from "../kube/index.ts";

export function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
