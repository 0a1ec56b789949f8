// bootstrap.tokens: a join token goes as soon as its claim has registered, is being deleted or is gone, and when it has expired (W-45, W-51e).

import { isConditionTrue, NodeClaims, type NodeClaim, type Secret } from "../api/index.ts";
import type { KubeCache } from "../kube/index.ts";
import { onChange, singletonController, type Clock, type Controller } from "../runtime/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { minutes } from "../units/index.ts";
import type { BootstrapTokens } from "./bootstrap-tokens.ts";
import { tokenOf } from "./token-secret.ts";

export interface TokenControllerParts {
  readonly tokens: BootstrapTokens;
  readonly cache: KubeCache;
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  /** To be counted: "served" (or its claim is being deleted), "orphan" (its claim is gone) or "expired". */
  readonly onRemoved?: (reason: "served" | "orphan" | "expired") => void;
}

const NAME = "bootstrap.tokens";
const ROUND = minutes(2);

export function bootstrapTokenController(parts: TokenControllerParts): Controller {
  const { tokens, cache, clock, logger } = parts;
  const claims = cache.informer(NodeClaims);
  return singletonController({
    name: NAME,
    triggers: [
      onChange(NodeClaims, ({ before, after }) => {
        const hasServed = before !== undefined && waits(before) && (after === undefined || !waits(after));
        return hasServed ? [NAME] : [];
      }),
    ],
    async run({ signal }) {
      // The Secrets first, then the claims: a claim whose token was made in between is known by then.
      const secrets = await tokens.list(signal);
      if (!claims.hasSynced) return { requeueAfter: ROUND };
      const byUid = new Map(claims.list().map((claim) => [claim.metadata.uid ?? "", claim]));
      for (const secret of secrets) {
        const claim = byUid.get(tokens.claimUidOf(secret));
        const reason = uselessness(secret, claim, clock.now());
        if (reason === undefined) continue;
        await tokens.removeSecret(secret, signal);
        parts.onRemoved?.(reason);
        logger.info("removed bootstrap token", { Secret: secret.metadata.name, reason: WHY[reason] });
      }
      return { requeueAfter: ROUND };
    },
  });
}

const WHY = {
  served: "its nodeclaim has registered or is being deleted",
  orphan: "its nodeclaim is gone",
  expired: "expired",
} as const;

function uselessness(secret: Secret, claim: NodeClaim | undefined, now: number): keyof typeof WHY | undefined {
  if (claim === undefined) return "orphan";
  if (!waits(claim)) return "served";
  return (tokenOf(secret)?.expiresAt ?? 0) <= now ? "expired" : undefined;
}

/** Whether a machine of this claim may still have to join. */
function waits(claim: NodeClaim): boolean {
  return claim.metadata.deletionTimestamp === undefined && !isConditionTrue(claim, "Registered");
}
