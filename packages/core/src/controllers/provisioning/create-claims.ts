// Turns planned claims into NodeClaims, checking each pool once more right before (LC-11, NP-16, S-332).

import { HASH_VERSION, NodeClaims, nodePoolHash, NodePools, type NodeClaim, type NodePool } from "../../api/index.ts";
import { ObserveOnly } from "../../runtime/index.ts";
import { nodeClaimFromPlan, type PlannedClaim, type ProblemInput } from "../../scheduling/index.ts";
import type { PoolBook, Reservation, StateNode } from "../../state/index.ts";
import { maxResources, type Resources } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { tellLimitReached } from "../limit-refusal.ts";
import { createReserved } from "../reserved-create.ts";
import type { Turn } from "./turn.ts";

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
  /** As what a machine counts against limits. */
  readonly sizeOf: (node: StateNode) => Resources;
}

export interface CreateRun {
  readonly signal: AbortSignal;
  readonly turn: Turn;
  /** Label of the counter of created claims. @defaultValue "provisioned" */
  readonly reason?: string;
  /** For each of the claims, besides those of its pool and its plan. */
  readonly annotations?: Readonly<Record<string, string>>;
}

type Deps = Pick<ControllerDeps, "kube" | "cache" | "logger" | "metrics" | "events" | "poolLedger">;

/** S-331: a claim that could not be created does not stop the others; see throwFailures. */
export async function createClaims(
  deps: Deps,
  planned: readonly PlannedClaim[],
  basis: Basis,
  { signal, turn, reason = "provisioned", annotations }: CreateRun,
): Promise<readonly CreatedClaim[]> {
  const book = deps.poolLedger.open(basis.sizeOf);
  // All are admitted before the first one is sent, so that no two of them take the same room.
  const bookings = new Map<PlannedClaim["instanceTypes"], Resources>();
  const admitted = planned.map((claim) => admit(deps, claim, basis, { book, bookings }));
  const hashes = new Map<NodePool, string>();
  const created: Promise<CreatedClaim>[] = [];
  for (const claim of admitted) {
    if (turn.isOver()) await turn.rest();
    created.push(create(deps, claim, hashes, { signal, reason, ...(annotations && { annotations }) }));
  }
  return await Promise.all(created);
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
  readonly granted: Reservation;
}

interface Bookings {
  readonly book: PoolBook;
  /** What a claim with these types counts as; most claims of a plan share their list. */
  readonly bookings: Map<PlannedClaim["instanceTypes"], Resources>;
}

type Refused = { readonly planned: PlannedClaim; readonly refused: Refusal };

function admit(
  deps: Deps,
  planned: PlannedClaim,
  { nodePools }: Basis,
  { book, bookings }: Bookings,
): Admission | Refused {
  const name = planned.nodePool;
  const pool = nodePools.find(({ nodePool }) => nodePool.metadata.name === name)?.nodePool;
  const current = deps.cache.informer(NodePools).get({ name });
  if (!pool || !current) return gone(planned, `NodePool ${name} is gone`);
  if (current.metadata.uid !== pool.metadata.uid) return gone(planned, `NodePool ${name} was replaced by its namesake`);
  if (current.metadata.deletionTimestamp) return gone(planned, `NodePool ${name} is being deleted`);
  const { instanceTypes } = planned;
  const booking = bookings.get(instanceTypes) ?? maxResources(...instanceTypes.map(({ capacity }) => capacity));
  bookings.set(instanceTypes, booking);
  const admission = book.admit(current, booking);
  if ("granted" in admission) return { planned, pool, granted: admission.granted };
  const { over, ofCluster } = admission;
  tellLimitReached(deps, current, over, ofCluster);
  const detail =
    ofCluster === undefined
      ? `NodePool ${name} would exceed its limit of ${over.join(", ")}`
      : `all NodePools together have ${ofCluster} nodes, as many as --max-nodes allows`;
  return { planned, refused: { verdict: "LimitExceeded", detail } };
}

function gone(planned: PlannedClaim, detail: string): Refused {
  return { planned, refused: { verdict: "NodePoolDeleting", detail } };
}

async function create(
  deps: Deps,
  admission: Admission | Refused,
  hashes: Map<NodePool, string>,
  { signal, reason, annotations }: Pick<CreateRun, "signal" | "annotations"> & { readonly reason: string },
): Promise<CreatedClaim> {
  if ("refused" in admission) return admission;
  const { planned, pool, granted } = admission;
  const known = hashes.get(pool) ?? nodePoolHash(pool.spec.template);
  hashes.set(pool, known);
  const hash = { nodePoolHash: known, hashVersion: HASH_VERSION };
  try {
    const wanted = annotated(nodeClaimFromPlan(planned, pool, hash), annotations);
    const nodeClaim = await createReserved(granted, () => deps.kube.create(NodeClaims, wanted, { signal }));
    tellCreated(deps, { planned, nodeClaim, reason });
    return { planned, nodeClaim };
  } catch (failed) {
    return { planned, failed };
  }
}

function annotated(claim: NodeClaim, annotations: Readonly<Record<string, string>> = {}): NodeClaim {
  return { ...claim, metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, ...annotations } } };
}

function tellCreated(
  deps: Deps,
  {
    planned,
    nodeClaim,
    reason,
  }: { readonly planned: PlannedClaim; readonly nodeClaim: NodeClaim; readonly reason: string },
): void {
  const names = planned.instanceTypes.map((type) => type.name);
  deps.logger.info("created nodeclaim", {
    NodePool: planned.nodePool,
    NodeClaim: nodeClaim.metadata.name,
    requests: nodeClaim.spec.resources?.requests,
    "instance-types":
      names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} other(s)` : names.join(", "),
  });
  deps.metrics.count("karpenter_nodeclaims_created_total", {
    reason,
    nodepool: planned.nodePool,
    min_values_relaxed: String(planned.minValuesRelaxed),
  });
}
