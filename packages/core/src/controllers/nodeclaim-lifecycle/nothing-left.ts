// Whether a cloud's refusal leaves its NodePool anything to try: only then the pool has to wait (LC-18, LC-21).

import { Label, type NodeClaim, type NodePool } from "../../api/index.ts";
import { requirementsOfClaim } from "../../provider/index.ts";
import type { ControllerDeps } from "../deps.ts";

/**
 * True when the pool has no offering left, and when none of those that the claim allowed was marked: the next claim would be
 * the same again. Otherwise the next plan avoids what was refused.
 */
export async function nothingLeft(
  { provider, logger }: Pick<ControllerDeps, "provider" | "logger">,
  pool: NodePool,
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { items } = await provider.getInstanceTypes(pool, { signal });
    const wanted = requirementsOfClaim(claim, provider.settings());
    const offerings = items.flatMap(({ name, offerings: all }) =>
      all.map(({ requirements, availability: { available } }) => ({
        available,
        asked: wanted.get(Label.InstanceType).has(name) && wanted.overlaps(requirements),
      })),
    );
    if (!offerings.some(({ available }) => available)) return true;
    return offerings.every(({ asked, available }) => !asked || available);
  } catch (error) {
    signal.throwIfAborted();
    logger.debug("instance types cannot be listed after a refusal", { NodePool: pool.metadata.name, error });
    return true;
  }
}
