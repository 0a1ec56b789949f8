// nodeclaim.expiration: a claim that has reached its age is deleted, whatever runs on it (LC-43, D-145, D-146).

import { fromRfc3339, NodeClaims, Pods, type NodeClaim, type Pod } from "../../api/index.ts";
import { isReschedulable } from "../../disruption/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import { POD_BY_NODE } from "../../state/index.ts";
import { DurationError, milliseconds, minutes, parseNillableDuration, type Duration } from "../../units/index.ts";
import { disruptionLabels, nodesByProviderID, nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";

const NAME = "nodeclaim.expiration";

/** When a machine is looked at again that its provider could not remove. */
const KEPT_AGAIN = minutes(1);

type Deps = Pick<
  ControllerDeps,
  "kube" | "cache" | "clock" | "state" | "metrics" | "decisions" | "logger" | "provider"
>;

/** Asks neither budgets nor protection: only the drain that follows respects them, and only until the deadline. */
export function nodeClaimExpirationController(deps: Deps): Controller {
  const claims = deps.cache.informer(NodeClaims);
  nodesByProviderID(deps.cache);
  return {
    name: NAME,
    triggers: [onChange(NodeClaims, ({ after }) => (after?.metadata.name ? [after.metadata.name] : []))],
    concurrency: 10,
    async reconcile(name, { signal }) {
      const claim = claims.get({ name });
      if (!claim || claim.metadata.deletionTimestamp || !deps.state.isManaged(claim.spec.nodeClassRef)) {
        return undefined;
      }
      const at = expiresAt(claim);
      if (at === undefined) return undefined;
      const left = at - deps.clock.now();
      if (left > 0) return { requeueAfter: milliseconds(left) };
      const kept = deps.provider.keeps?.(claim);
      if (kept !== undefined) {
        record(deps, claim, "NodeProtected", `older than its expireAfter of ${claim.spec.expireAfter}, but ${kept}`);
        return { requeueAfter: KEPT_AGAIN };
      }
      await expire(deps, claim, signal);
      return undefined;
    },
  };
}

/** Epoch milliseconds by the claim's own expireAfter, not its pool's. Undefined: never. */
export function expiresAt(claim: NodeClaim): number | undefined {
  const after = lifetime(claim);
  const { creationTimestamp } = claim.metadata;
  return after === undefined || creationTimestamp === undefined ? undefined : fromRfc3339(creationTimestamp) + after;
}

/** A text that cannot be read is no reason to delete anything. */
function lifetime({ spec }: NodeClaim): Duration | undefined {
  try {
    return spec.expireAfter === undefined ? undefined : parseNillableDuration(spec.expireAfter);
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}

async function expire(deps: Deps, claim: NodeClaim, signal: AbortSignal): Promise<void> {
  const pods = podsOf(deps, claim).filter(isReschedulable).length;
  await deleteClaim(deps, claim, signal);
  deps.logger.info("expired nodeclaim", { NodeClaim: claim.metadata.name, "expire-after": claim.spec.expireAfter });
  record(deps, claim, "Expired", `older than its expireAfter of ${claim.spec.expireAfter}; ${pods} pods have to move`);
  const labels = disruptionLabels(claim, "expired");
  deps.metrics.count("karpenter_nodeclaims_disrupted_total", labels);
  deps.metrics.count("karpenter_pods_disruption_initiated_total", labels, pods);
}

function record({ decisions, clock }: Deps, claim: NodeClaim, verdict: string, detail: string): void {
  decisions.record({
    at: clock.now(),
    controller: NAME,
    verdict,
    subject: `NodeClaim ${claim.metadata.name}`,
    detail,
  });
}

function podsOf({ cache }: Deps, claim: NodeClaim): readonly Pod[] {
  const pods = cache.informer(Pods);
  return nodesOfMachine(cache, claim.status?.providerID).flatMap((node) =>
    pods.byIndex(POD_BY_NODE, node.metadata.name ?? ""),
  );
}
