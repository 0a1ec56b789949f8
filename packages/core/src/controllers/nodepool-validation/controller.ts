// nodepool.validation: what the API server could not check, in the condition ValidationSucceeded (NP-6).

import { ConditionSet, NodePools } from "../../api/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { nodePoolErrors } from "./node-pool-errors.ts";

export function nodePoolValidationController(
  deps: Pick<ControllerDeps, "kube" | "cache" | "state" | "clock" | "provider">,
): Controller {
  const pools = deps.cache.informer(NodePools);
  return {
    name: "nodepool.validation",
    triggers: [onChange(NodePools, ({ after }) => (after?.metadata.name ? [after.metadata.name] : []))],
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      if (!pool || !deps.state.isManaged(pool.spec.template.spec.nodeClassRef)) return undefined;
      const errors = nodePoolErrors(pool, deps.provider.settings());
      const known = ConditionSet.forNodePool(pool, deps.clock.now());
      const conditions =
        errors.length === 0
          ? known.set("ValidationSucceeded", "True")
          : known.set("ValidationSucceeded", "False", "NodePoolValidationFailed", errors.join("; "));
      const after = { ...pool, status: { ...pool.status, conditions: conditions.toList() } };
      await patchObjectStatus(deps.kube, NodePools, { before: pool, after }, { lock: true, signal });
      return undefined;
    },
  };
}
