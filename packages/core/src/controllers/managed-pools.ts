// The NodePools that are ours: those whose node class a provider of this process serves.

import { NodePools, type NodePool } from "../api/index.ts";
import type { ControllerDeps } from "./deps.ts";

export function managedPools(deps: Pick<ControllerDeps, "cache" | "state">): readonly NodePool[] {
  const pools = deps.cache.informer(NodePools).list();
  return pools.filter((pool) => deps.state.isManaged(pool.spec.template.spec.nodeClassRef));
}
