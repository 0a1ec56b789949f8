// Turns planned claims into NodeClaims, checking each pool's limits once more right before (LC-11, NP-16).

import { HASH_VERSION, NodeClaims, nodePoolHash, NodePools, type NodeClaim } from "../../api/index.ts";
import { nodeClaimFromPlan, type PlannedClaim } from "../../scheduling/index.ts";
import { exceeded, requestsFrom } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { poolUsage } from "../nodepool-counter/controller.ts";

/** What became of one planned claim. */
export interface CreatedClaim {
  readonly planned: PlannedClaim;
  /** Absent when it was refused; `refused` then says why. */
  readonly nodeClaim?: NodeClaim;
  readonly refused?: string;
}

/** A claim that could not be created does not stop the others; all errors are thrown together at the end (S-331). */
export async function createClaims(
  deps: ControllerDeps,
  planned: readonly PlannedClaim[],
  signal: AbortSignal,
): Promise<readonly CreatedClaim[]> {
  const settled = await Promise.allSettled(planned.map((claim) => createClaim(deps, claim, signal)));
  const errors = settled.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
  if (errors.length > 0) throw new AggregateError(errors, `creating nodeclaims: ${errors.map(String).join("; ")}`);
  return settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
}

async function createClaim(deps: ControllerDeps, planned: PlannedClaim, signal: AbortSignal): Promise<CreatedClaim> {
  const pool = deps.cache.informer(NodePools).get({ name: planned.nodePool });
  if (!pool) return { planned, refused: `NodePool ${planned.nodePool} is gone` };
  const over = exceeded(poolUsage(deps.state, planned.nodePool), requestsFrom(pool.spec.limits));
  if (over.length > 0) {
    deps.logger.error("nodepool limit exceeded, nodeclaim not created", {
      NodePool: planned.nodePool,
      resources: over,
    });
    return { planned, refused: `NodePool ${planned.nodePool} is over its limit of ${over.join(", ")}` };
  }
  const hash = { nodePoolHash: nodePoolHash(pool.spec.template), hashVersion: HASH_VERSION };
  const nodeClaim = await deps.kube.create(NodeClaims, nodeClaimFromPlan(planned, pool, hash), { signal });
  const names = planned.instanceTypes.map((type) => type.name);
  deps.logger.info("created nodeclaim", {
    NodePool: planned.nodePool,
    NodeClaim: nodeClaim.metadata.name,
    requests: nodeClaim.spec.resources?.requests,
    "instance-types":
      names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} other(s)` : names.join(", "),
  });
  deps.metrics.count("karpenter_nodeclaims_created_total", {
    reason: "provisioned",
    nodepool: planned.nodePool,
    min_values_relaxed: "false",
  });
  return { planned, nodeClaim };
}
