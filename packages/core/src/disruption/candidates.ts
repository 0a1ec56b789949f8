// The nodes that a method may choose from, with what each costs and how much its going would disturb (D-19…D-30).

import { Label } from "../api/index.ts";
import type { NodeClaim, NodePool, Pod } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import { offeringOfNode, rateOfNode } from "../scheduling/index.ts";
import type { PoolInput } from "../scheduling/index.ts";
import type { HourlyRate } from "../units/index.ts";
import { candidateObstacle } from "./candidate.ts";
import type { CandidateContext, DisruptionClass } from "./candidate.ts";
import { creationOf } from "./creation.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { rescheduleCost } from "./eviction-cost.ts";
import type { Obstacle } from "./obstacle.ts";
import { paidTimeLeft } from "./paid-time.ts";
import { indexPdbs } from "./pdbs.ts";
import { isReschedulable } from "./pods.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";
import { finished, STRIDE, type Steps } from "./steps.ts";
import type { NodeVerdict } from "./verdict.ts";

export interface Candidate {
  readonly name: string;
  readonly node: DisruptionNode;
  readonly nodeClaim: NodeClaim;
  readonly nodePool: NodePool;
  /** Name of the pool. */
  readonly pool: string;
  /** Absent when its pool does not sell it any more (D-22). */
  readonly instanceType?: InstanceType;
  readonly zone?: string;
  readonly capacityType?: string;
  readonly reschedulablePods: readonly Pod[];
  /** D-24; absent when unknown. */
  readonly rate?: HourlyRate;
  /** D-26. */
  readonly rescheduleCost: number;
  /** Milliseconds for which its machine is paid already; 0 where time is charged by the second. */
  readonly paidTimeLeft: number;
}

/** What makes a node one for a method, beyond the common checks. */
export interface CandidateFilter {
  readonly disruptionClass: DisruptionClass;
  /** Nodes for which this is false are none of the method's business: they get no verdict. */
  readonly looksAt: (node: DisruptionNode, nodePool: NodePool | undefined) => boolean;
  readonly obstacle?: (candidate: Candidate) => Obstacle | undefined;
}

export interface Candidates {
  readonly accepted: readonly Candidate[];
  readonly refused: readonly NodeVerdict[];
}

/** In the order of the snapshot. */
export function candidatesOf(snapshot: DisruptionSnapshot, filter: CandidateFilter): Candidates {
  return finished(candidatesSteps(snapshot, filter));
}

/** The same with pauses. */
export function* candidatesSteps(
  snapshot: DisruptionSnapshot,
  { disruptionClass, looksAt, obstacle: methodObstacle }: CandidateFilter,
): Steps<Candidates> {
  const context = candidateContext(snapshot);
  const pools = new Map(snapshot.pools.map((input) => [input.nodePool.metadata.name ?? "", input]));
  const accepted: Candidate[] = [];
  const refused: NodeVerdict[] = [];
  for (const [index, node] of snapshot.nodes.entries()) {
    if (index % STRIDE === STRIDE - 1) yield;
    if (!looksAt(node, context.nodePools.get(node.nodePool ?? ""))) continue;
    const common = candidateObstacle(node, context, disruptionClass);
    const candidate = common === undefined ? candidateOf(node, context, pools) : undefined;
    const obstacle = common ?? (candidate && methodObstacle?.(candidate));
    if (obstacle !== undefined) refused.push({ node: node.name, ...ofPool(node), ...obstacle });
    else if (candidate !== undefined) accepted.push(candidate);
  }
  yield;
  return { accepted, refused };
}

export function candidateContext(snapshot: DisruptionSnapshot): CandidateContext {
  const { nodePools, pools, pdbs, inCommand, kept, paused, nowMs } = snapshot;
  return {
    nodePools: new Map(nodePools.map((pool) => [pool.metadata.name ?? "", pool])),
    poolsWithTypes: new Set(pools.flatMap((pool) => (hasTypes(pool) ? [pool.nodePool.metadata.name ?? ""] : []))),
    pdbs: indexPdbs(pdbs),
    inCommand,
    ...(kept && { kept }),
    ...(paused && { paused }),
    nowMs,
  };
}

export function verdictOn({ name, pool }: Candidate, obstacle: Obstacle): NodeVerdict {
  return { node: name, nodePool: pool, ...obstacle };
}

function candidateOf(
  node: DisruptionNode,
  { nodePools, nowMs }: CandidateContext,
  pools: ReadonlyMap<string, PoolInput>,
): Candidate | undefined {
  const { nodeClaim, labels, name } = node;
  const pool = node.nodePool ?? "";
  const nodePool = nodePools.get(pool);
  if (nodeClaim === undefined || nodePool === undefined) return undefined;
  const types = pools.get(pool)?.instanceTypes ?? [];
  const instanceType = types.find((type) => type.name === labels[Label.InstanceType]);
  const { [Label.Zone]: zone, [Label.CapacityType]: capacityType } = labels;
  const rate = rateOfNode(labels, types);
  const billing = offeringOfNode(labels, types)?.billing;
  return {
    name,
    node,
    nodeClaim,
    nodePool,
    pool,
    ...(instanceType && { instanceType }),
    ...(zone && { zone }),
    ...(capacityType && { capacityType }),
    reschedulablePods: node.pods.filter(isReschedulable),
    ...(rate && { rate }),
    rescheduleCost: rescheduleCost(node.pods),
    paidTimeLeft: billing ? paidTimeLeft(billing, nowMs - creationOf(nodeClaim)) : 0,
  };
}

/** D-19: without types, or while overlays are not evaluated yet, nothing is known about the pool's nodes. */
function hasTypes({ instanceTypes, skipped }: PoolInput): boolean {
  if (skipped?.reason === "OverlayPending" || skipped?.reason === "InstanceTypesUnavailable") return false;
  return instanceTypes.length > 0;
}

function ofPool({ nodePool }: DisruptionNode): { readonly nodePool?: string } {
  return nodePool ? { nodePool } : {};
}
