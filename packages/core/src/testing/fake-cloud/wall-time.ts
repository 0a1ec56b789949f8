// What time the real clock shows: signatures and tokens are checked against it, whatever the virtual clock says.

import { setTimeout as wait } from "node:timers/promises";

export function wallMs(): number {
  // oxlint-disable-next-line eslint/no-restricted-properties -- the fake's edge to real time
  return Date.now();
}

/** Real milliseconds; clients measure slow answers by their own socket timeouts. */
export async function waitWall(ms: number, signal?: AbortSignal): Promise<void> {
  await wait(ms, undefined, signal === undefined ? {} : { signal });
}
