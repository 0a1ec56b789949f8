// nodepool.counter: what each NodePool uses, in its status (NP-14, NP-15).

import { NodePools, type NodePool } from "../../api/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import type { ClusterState } from "../../state/index.ts";
import { addResources, seconds, toResourceList, type Resources } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

const ALWAYS_LISTED = ["cpu", "memory", "pods", "ephemeral-storage", "nodes"] as const;

export function nodePoolCounterController(deps: Pick<ControllerDeps, "kube" | "cache" | "state">): Controller {
  const pools = deps.cache.informer(NodePools);
  return {
    name: "nodepool.counter",
    triggers: [
      onChange(NodePools, ({ before, after }) => (!before && after?.metadata.name ? [after.metadata.name] : [])),
    ],
    async reconcile(name, { signal }) {
      const pool = pools.get({ name });
      if (!pool || !deps.state.isManaged(pool.spec.template.spec.nodeClassRef)) return undefined;
      // A restart must not write zeros before the cluster was seen.
      if (deps.state.unsynced().length > 0) return { requeueAfter: seconds(1) };
      const after = withUsage(pool, poolUsage(deps.state, name));
      await patchObjectStatus(deps.kube, NodePools, { before: pool, after }, { signal }).catch(ignoreNotFound);
      return { requeueAfter: seconds(5) };
    },
  };
}

/** Σ capacity of the pool's launched nodes that are not on their way out; with `nodes`. */
function poolUsage(state: ClusterState, nodePool: string): Resources {
  const counted = state
    .nodes()
    .filter((node) => node.nodePool === nodePool && node.managed && node.providerID !== "" && !node.markedForDeletion);
  return addResources(...counted.map((node) => node.capacity));
}

function withUsage(pool: NodePool, usage: Resources): NodePool {
  const zeros = Object.fromEntries(ALWAYS_LISTED.map((resource) => [resource, "0"]));
  return {
    ...pool,
    status: { ...pool.status, resources: { ...zeros, ...toResourceList(usage) }, nodes: usage["nodes"] ?? 0 },
  };
}
