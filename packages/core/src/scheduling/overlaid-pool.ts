// A pool of the solve with its overlays applied, or left out until they are known (S-301, S-518, OV-6).

import type { OverlayEvaluation } from "../pricing/index.ts";
import type { PoolInput } from "./problem.ts";

/** `evaluation` is undefined until there is a first one. */
export function overlaidPool(pool: PoolInput, evaluation: OverlayEvaluation | undefined): PoolInput {
  if (pool.skipped) return pool;
  const instanceTypes = evaluation?.instanceTypes(pool.nodePool, pool.instanceTypes);
  if (instanceTypes !== undefined) return { ...pool, instanceTypes };
  return { ...pool, skipped: { reason: "OverlayPending", detail: "its overlays are not evaluated yet" } };
}
