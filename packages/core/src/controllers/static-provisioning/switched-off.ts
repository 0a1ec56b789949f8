// Without the feature gate StaticCapacity: tells on a NodePool with replicas that nothing will come of them.

import { NodePools } from "../../api/index.ts";
import { hours } from "../../units/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";

export function staticCapacityOffController(deps: Pick<ControllerDeps, "cache" | "events" | "state">): Controller {
  const pools = deps.cache.informer(NodePools);
  return {
    name: "static.provisioning",
    triggers: [
      onChange(NodePools, ({ before, after }) =>
        after?.spec.replicas !== undefined && before?.spec.replicas !== after.spec.replicas
          ? [after.metadata.name ?? ""]
          : [],
      ),
    ],
    async reconcile(name) {
      const pool = pools.get({ name });
      if (pool?.spec.replicas === undefined || !deps.state.isManaged(pool.spec.template.spec.nodeClassRef)) {
        return undefined;
      }
      deps.events.publish({
        resource: NodePools,
        object: pool,
        type: "Warning",
        reason: "StaticCapacityDisabled",
        message:
          "replicas are not kept: that needs the feature gate StaticCapacity (--feature-gates StaticCapacity=true)",
        dedupeFor: hours(1),
      });
      return undefined;
    },
  };
}
