// nodeclaim.disruption: keeps the condition Consolidatable on each claim (D-133, D-134).

import {
  ConditionSet,
  isConditionTrue,
  Label,
  NodeClaims,
  NodePools,
  type NodeClaim,
  type NodePool,
} from "../../api/index.ts";
import { consolidatableAt } from "../../disruption/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import { milliseconds } from "../../units/index.ts";
import { claimsOfPool } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-gone.ts";

export function nodeClaimDisruptionController(
  deps: Pick<ControllerDeps, "kube" | "cache" | "clock" | "state">,
): Controller {
  const claims = deps.cache.informer(NodeClaims);
  const pools = deps.cache.informer(NodePools);
  return {
    name: "nodeclaim.disruption",
    triggers: [
      onChange(NodeClaims, ({ after }) => (after?.metadata.name ? [after.metadata.name] : [])),
      onChange(NodePools, ({ after }) =>
        claimsOfPool(deps.cache, after?.metadata.name ?? "").map((c) => c.metadata.name ?? ""),
      ),
    ],
    concurrency: 10,
    async reconcile(name, { signal }) {
      const claim = claims.get({ name });
      const pool = pools.get({ name: claim?.metadata.labels?.[Label.NodePool] ?? "" });
      if (!claim || !pool || claim.metadata.deletionTimestamp || !isOurs(deps, claim, pool)) return undefined;
      const now = deps.clock.now();
      // A static pool keeps its number of nodes, so none of them is ever spare (ST-4).
      const at = pool.spec.replicas === undefined ? consolidatableAt(claim, pool) : undefined;
      const due = at !== undefined && at <= now;
      await writeConsolidatable(deps, claim, due, signal);
      return at === undefined || due ? undefined : { requeueAfter: milliseconds(at - now) };
    },
  };
}

function isOurs({ state }: Pick<ControllerDeps, "state">, claim: NodeClaim, pool: NodePool): boolean {
  return state.isManaged(claim.spec.nodeClassRef) && state.isManaged(pool.spec.template.spec.nodeClassRef);
}

async function writeConsolidatable(
  deps: Pick<ControllerDeps, "kube" | "clock">,
  claim: NodeClaim,
  due: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (isConditionTrue(claim, "Consolidatable") === due) return;
  const known = ConditionSet.forNodeClaim(claim, deps.clock.now());
  const conditions = due ? known.set("Consolidatable", "True") : known.clear("Consolidatable");
  const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
  await patchObjectStatus(deps.kube, NodeClaims, { before: claim, after }, { lock: true, signal }).catch(
    ignoreNotFound,
  );
}
