// All overlays over all pools at one moment. Pools whose list could not be read at that moment are not evaluated (OV-2, OV-6).

import type { NodeOverlay, NodePool } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { acceptOverlays } from "./accept-overlays.ts";
import type { PoolListing, RejectedOverlay } from "./accept-overlays.ts";
import { applyOverlays } from "./apply-overlays.ts";
import type { OverlayContext } from "./overlay-match.ts";

type Listed = readonly InstanceType[];

export interface OverlayEvaluation {
  readonly accepted: readonly NodeOverlay[];
  readonly rejected: readonly RejectedOverlay[];
  /**
   * Undefined: the pool was not evaluated, and must not be used until it is. The same list gets the same answer object, so
   * that what is worked out for it can be kept (S-1015).
   */
  instanceTypes(nodePool: NodePool, listed: readonly InstanceType[]): readonly InstanceType[] | undefined;
}

/** `pools`: those whose list could be read, static and unready ones too. */
export function evaluateOverlays(
  pools: readonly PoolListing[],
  overlays: readonly NodeOverlay[],
  context: OverlayContext & { readonly restrictedDomains?: readonly string[] },
): OverlayEvaluation {
  const answers = new Map(pools.map(({ nodePool }) => [nodePool.metadata.name, new WeakMap<Listed, Listed>()]));
  const { accepted, rejected } = acceptOverlays(pools, overlays, context);
  return {
    accepted,
    rejected,
    instanceTypes(nodePool, listed) {
      const known = answers.get(nodePool.metadata.name);
      const answer = known && (known.get(listed) ?? applyOverlays(listed, accepted, nodePool, context));
      if (answer) known.set(listed, answer);
      return answer;
    },
  };
}
