// Whether Karpenter's own controller would have marked a claim Consolidatable (D-130, D-133, D-134), said anew: asking the engine
// under test would let it agree with itself.

import type { RandomPool } from "./random-pools.ts";

export interface MarkedClaim {
  readonly pool: Pick<RandomPool, "pause" | "isStatic">;
  readonly isInitialized: boolean;
  /** Seconds since its last pod event, or since it was initialized when there has been none. */
  readonly quietFor: number;
}

const SECONDS: Readonly<Record<string, number>> = { "0s": 0, "30s": 30, "5m": 300, "10m": 600, "1h": 3600 };

export function consolidatableMark({ pool, isInitialized, quietFor }: MarkedClaim): boolean {
  const pause = secondsOf(pool.pause);
  return isInitialized && !pool.isStatic && pause !== undefined && quietFor >= pause;
}

/** Undefined: never. */
export function secondsOf(pause: string): number | undefined {
  return SECONDS[pause];
}
