// A create for which room was granted: the room is given back as soon as it is known what came of it (LC-11).

import type { NodeClaim } from "../api/index.ts";
import { KubeError } from "../kube/index.ts";
import { ObserveOnly } from "../runtime/index.ts";
import type { Reservation } from "../state/index.ts";
import { seconds } from "../units/index.ts";

/** The watch tells of a claim that was stored without an answer much earlier. */
const UNTIL_SEEN = seconds(10);

export async function createReserved(granted: Reservation, create: () => Promise<NodeClaim>): Promise<NodeClaim> {
  try {
    const claim = await create();
    granted.release();
    return claim;
  } catch (error) {
    if (mayBeStored(error)) granted.releaseAfter(UNTIL_SEEN);
    else granted.release();
    throw error;
  }
}

function mayBeStored(error: unknown): boolean {
  if (error instanceof ObserveOnly) return false;
  return !KubeError.is(error) || error.code === 0 || error.code === 504;
}
