// A node, or the drifted nodes of a NodePool, that are left alone for a while because the last try came to nothing (DX-31, DX-35).

import { toRfc3339 } from "../api/index.ts";
import type { Obstacle } from "./obstacle.ts";

export interface Pause {
  /** What went wrong, or what the time is for. */
  readonly why: string;
  /** Epoch milliseconds. */
  readonly until: number;
  /** Holds the node also while it is empty. @defaultValue false */
  readonly alsoEmpty?: boolean;
}

export function pauseObstacle({ why, until }: Pause): Obstacle {
  return { code: "Backoff", detail: `${why}; it is looked at again at ${toRfc3339(until)}`, until };
}
