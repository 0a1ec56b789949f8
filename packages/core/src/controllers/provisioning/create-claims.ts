// Turns planned claims into NodeClaims, checking each pool once more right before (LC-11, NP-16, S-332).

import { HASH_VERSION, NodeClaims, nodePoolHash, NodePools, type NodeClaim, type NodePool } from "../../api/index.ts";
import { ObserveOnly } from "../../runtime/index.ts";
import { nodeClaimFromPlan, type NodeInput, type PlannedClaim, type ProblemInput } from "../../scheduling/index.ts";
import { countableResources } from "../../state/index.ts";
import { addResources, exceeded, maxResources, type Resources } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

/** What became of one planned claim: created, refused, or failed. */
export interface CreatedClaim {
  readonly planned: PlannedClaim;
  readonly nodeClaim?: NodeClaim;
  readonly refused?: Refusal;
  readonly failed?: unknown;
}

export interface Refusal {
  readonly verdict: "LimitExceeded" | "NodePoolDeleting";
  readonly detail: string;
}

export interface Basis {
  /** What the claims were planned with. */
  readonly nodePools: ProblemInput["nodePools"];
  /** What counts against limits now. */
  readonly nodes: readonly Pick<NodeInput, "nodePool" | "capacity">[];
}

type Deps = Pick<ControllerDeps, "kube" | "cache" | "logger" | "metrics">;

/** S-331: a claim that could not be created does not stop the others; see throwFailures. */
export async function createClaims(
  deps: Deps,
  planned: readonly PlannedClaim[],
  basis: Basis,
  signal: AbortSignal,
): Promise<readonly CreatedClaim[]> {
  const usage = new Map<string, Resources>();
  for (const { nodePool = "", capacity } of basis.nodes) {
    usage.set(nodePool, addResources(usage.get(nodePool) ?? {}, { ...capacity, nodes: 1 }));
  }
  // All are admitted before the first one is sent, so that no two of them take the same room.
  const admitted = planned.map((claim) => admit(deps, claim, basis, usage));
  return await Promise.all(admitted.map((claim) => create(deps, claim, signal)));
}

/** Everything that went wrong, together. What observe mode held back is no failure. */
export function throwFailures(created: readonly CreatedClaim[]): void {
  const errors = created.flatMap(({ failed }) =>
    failed === undefined || failed instanceof ObserveOnly ? [] : [failed],
  );
  if (errors.length > 0) throw new AggregateError(errors, `creating nodeclaims: ${errors.map(String).join("; ")}`);
}

interface Admission {
  readonly planned: PlannedClaim;
  /** The pool as it was planned with (S-520). */
  readonly pool: NodePool;
}

type Refused = { readonly planned: PlannedClaim; readonly refused: Refusal };

function admit(
  deps: Deps,
  planned: PlannedClaim,
  { nodePools }: Basis,
  usage: Map<string, Resources>,
): Admission | Refused {
  const name = planned.nodePool;
  const pool = nodePools.find(({ nodePool }) => nodePool.metadata.name === name)?.nodePool;
  const current = deps.cache.informer(NodePools).get({ name });
  if (!pool || !current) return gone(planned, `NodePool ${name} is gone`);
  if (current.metadata.uid !== pool.metadata.uid) return gone(planned, `NodePool ${name} was replaced by its namesake`);
  if (current.metadata.deletionTimestamp) return gone(planned, `NodePool ${name} is being deleted`);
  const booking = { ...maxResources(...planned.instanceTypes.map(({ capacity }) => capacity)), nodes: 1 };
  const after = addResources(usage.get(name) ?? {}, booking);
  const over = exceeded(after, countableResources(current.spec.limits));
  if (over.length > 0) {
    deps.logger.error("nodepool limit exceeded, nodeclaim not created", { NodePool: name, resources: over });
    const detail = `NodePool ${name} would exceed its limit of ${over.join(", ")}`;
    return { planned, refused: { verdict: "LimitExceeded", detail } };
  }
  usage.set(name, after);
  return { planned, pool };
}

function gone(planned: PlannedClaim, detail: string): Refused {
  return { planned, refused: { verdict: "NodePoolDeleting", detail } };
}

async function create(deps: Deps, admission: Admission | Refused, signal: AbortSignal): Promise<CreatedClaim> {
  if ("refused" in admission) return admission;
  const { planned, pool } = admission;
  const hash = { nodePoolHash: nodePoolHash(pool.spec.template), hashVersion: HASH_VERSION };
  try {
    const nodeClaim = await deps.kube.create(NodeClaims, nodeClaimFromPlan(planned, pool, hash), { signal });
    tellCreated(deps, planned, nodeClaim);
    return { planned, nodeClaim };
  } catch (failed) {
    return { planned, failed };
  }
}

function tellCreated(deps: Deps, planned: PlannedClaim, nodeClaim: NodeClaim): void {
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
    min_values_relaxed: String(planned.minValuesRelaxed),
  });
}
