// nodepool.validation: what the API server could not check, in the condition ValidationSucceeded (NP-6).

import { ConditionSet, NodePools, type NodePool } from "../../api/index.ts";
import { quietPodsMistake } from "../../disruption/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import { minutes } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { nodePoolDoubts, nodePoolErrors } from "./node-pool-errors.ts";

type Deps = Pick<ControllerDeps, "kube" | "cache" | "state" | "clock" | "provider" | "logger" | "events">;

export function nodePoolValidationController(deps: Deps): Controller {
  const pools = deps.cache.informer(NodePools);
  /** By pool: what was last told of it in the log. */
  const told = new Map<string, string>();
  return {
    name: "nodepool.validation",
    triggers: [onChange(NodePools, ({ after }) => (after?.metadata.name ? [after.metadata.name] : []))],
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      if (!pool || !deps.state.isManaged(pool.spec.template.spec.nodeClassRef)) return undefined;
      const errors = nodePoolErrors(pool, deps.provider.settings());
      const values = nodePoolDoubts(pool, deps.provider.settings());
      // the pool works without them, so a typing error would otherwise never be seen.
      if (values.length > 0 && told.get(name) !== values.join()) {
        deps.logger.error("nodepool names capacity types that nobody sells", { NodePool: name, values });
      }
      told.set(name, values.join());
      tellOfQuietPods(deps, pool);
      const known = ConditionSet.forNodePool(pool, deps.clock.now());
      const conditions =
        errors.length === 0
          ? known.set("ValidationSucceeded", "True")
          : known.set("ValidationSucceeded", "False", "NodePoolValidationFailed", errors.join("; "));
      const after = { ...pool, status: { ...pool.status, conditions: conditions.toList() } };
      const change = { before: pool, after };
      await patchObjectStatus(deps.kube, NodePools, change, { lock: true, signal }).catch(ignoreNotFound);
      return undefined;
    },
  };
}

/** DX-25: such a mistake stops nothing, each pod just counts; so it is no matter of the condition. */
function tellOfQuietPods({ events }: Deps, pool: NodePool): void {
  const mistake = quietPodsMistake(pool);
  if (mistake === undefined) return;
  const reason = "QuietPodsIgnored";
  const message = `every pod that comes or goes starts consolidateAfter anew: ${mistake}`;
  events.publish({ resource: NodePools, object: pool, type: "Warning", reason, message, dedupeFor: minutes(15) });
}
