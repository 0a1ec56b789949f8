// Which nodes go because nothing on them would have to move (D-61, D-62): no simulation, one delete command for all of them.

import { isConditionTrue, NodeClaimCondition } from "../../api/index.ts";
import type { NodePool, PodDisruptionBudget } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { offeringOfNode, rateOfNode } from "../../scheduling/index.ts";
import { compareText } from "../../units/index.ts";
import { poolBudgets } from "../budget.ts";
import type { PoolBudget } from "../budget.ts";
import { budgetObstacle } from "../budget-obstacle.ts";
import { candidateObstacle, podName } from "../candidate.ts";
import type { CandidateContext } from "../candidate.ts";
import type { Obstacle } from "../obstacle.ts";
import { consolidatableAt, consolidateAfter, consolidationWait } from "../consolidatable.ts";
import { creationOf } from "../creation.ts";
import type { DisruptionNode } from "../disruption-node.ts";
import { isEmpty, rescheduleCost } from "../eviction-cost.ts";
import type { HourlyLimits } from "../hourly-limit.ts";
import { limited } from "../remaining.ts";
import { indexPdbs } from "../pdbs.ts";
import { paidTimeLeft } from "../paid-time.ts";
import type { Pause } from "../pause.ts";
import { isReschedulable } from "../pods.ts";
import { STRIDE, type Steps } from "../steps.ts";
import type { NodeVerdict } from "../verdict.ts";

export interface EmptinessInput {
  readonly nodes: readonly DisruptionNode[];
  /** Managed ones. */
  readonly nodePools: readonly NodePool[];
  readonly pdbs: readonly PodDisruptionBudget[];
  readonly nowMs: number;
  /** By pool, for the order of prices; a pool that is missing here is not touched (D-19). Absent: prices are not looked at. */
  readonly instanceTypes?: ReadonlyMap<string, readonly InstanceType[]>;
  /** Names of nodes that belong to a running command. */
  readonly inCommand?: ReadonlySet<string>;
  /** By node name: why the provider cannot remove the machine at present. */
  readonly kept?: ReadonlyMap<string, string>;
  /** By node name: which are left alone for a while, empty or not. */
  readonly paused?: ReadonlyMap<string, Pause>;
  /** By node name: the CapacityBuffers whose room was planned on it (D-61). */
  readonly bufferNodes?: ReadonlyMap<string, readonly string[]>;
  /** DX-33. */
  readonly hourly?: HourlyLimits;
  /** Only these may be selected: the nodes of a command that is validated again (D-108). */
  readonly only?: ReadonlySet<string>;
}

export interface EmptinessCommand {
  readonly reason: "Empty";
  readonly decision: "delete";
  /** In the order they were accepted. */
  readonly nodes: readonly string[];
}

export interface EmptinessDecision {
  readonly command?: EmptinessCommand;
  /** One per node, in the order of the input. */
  readonly verdicts: readonly NodeVerdict[];
  readonly budgets: ReadonlyMap<string, PoolBudget>;
  /** Nodes that only a budget may have held back or that were selected. */
  readonly eligible: number;
  /** A budget held a node back: the caller must not remember that nothing was found (D-57). */
  readonly constrained: boolean;
}

export function* emptinessSteps(input: EmptinessInput): Steps<EmptinessDecision> {
  const context = contextOf(input);
  const verdicts = new Map<string, NodeVerdict>();
  const candidates: DisruptionNode[] = [];
  for (const [index, node] of input.nodes.entries()) {
    if (index % STRIDE === STRIDE - 1) yield;
    const obstacle =
      candidateObstacle(node, context) ?? emptinessObstacle(node, context, input) ?? excluded(node, input);
    if (obstacle === undefined) candidates.push(node);
    else verdicts.set(node.name, { node: node.name, ...ofPool(node), ...obstacle });
  }
  yield;
  const budgets = new Map(
    [...poolBudgets(input.nodePools, input.nodes, "Empty", input.nowMs)].map(([pool, budget]) => [
      pool,
      limited(budget, input.hourly?.get(pool)?.Empty),
    ]),
  );
  yield;
  const accepted = spendBudgets(inOrder(candidates, input), budgets, verdicts);
  const command: EmptinessCommand = { reason: "Empty", decision: "delete", nodes: accepted };
  return {
    ...(accepted.length > 0 && { command }),
    verdicts: input.nodes.flatMap(({ name }) => verdicts.get(name) ?? []),
    budgets,
    eligible: candidates.length,
    constrained: accepted.length < candidates.length,
  };
}

/** D-41: each accepted node uses up one of its pool. */
function spendBudgets(
  candidates: readonly DisruptionNode[],
  budgets: ReadonlyMap<string, PoolBudget>,
  verdicts: Map<string, NodeVerdict>,
): readonly string[] {
  const accepted: string[] = [];
  const spent = new Map<string, number>();
  for (const node of candidates) {
    const pool = node.nodePool ?? "";
    const budget = budgets.get(pool);
    const used = spent.get(pool) ?? 0;
    const obstacle = budgetObstacle(pool, budget, used);
    if (obstacle === undefined) {
      spent.set(pool, used + 1);
      accepted.push(node.name);
    }
    const verdict = obstacle ?? { code: "Selected" as const, detail: "it is empty and goes now" };
    verdicts.set(node.name, { node: node.name, ...ofPool(node), ...verdict });
  }
  return accepted;
}

/** D-61: the policy does not matter here; every policy lets empty nodes go. */
function emptinessObstacle(
  node: DisruptionNode,
  { nodePools, nowMs }: CandidateContext,
  input: EmptinessInput,
): Obstacle | undefined {
  const pool = nodePools.get(node.nodePool ?? "");
  const { nodeClaim } = node;
  if (pool === undefined || nodeClaim === undefined) return { code: "NoNodePool", detail: "its NodePool is not known" };
  const name = pool.metadata.name ?? "";
  if (pool.spec.replicas !== undefined) {
    return { code: "StaticPool", detail: `NodePool ${name} keeps a fixed number of nodes` };
  }
  if (consolidateAfter(pool) === undefined) {
    return { code: "ConsolidationDisabled", detail: `NodePool ${name} has consolidateAfter: Never` };
  }
  return keptForBuffers(node, input) ?? notEmpty(node, pool) ?? notYet(node, pool, nowMs);
}

function keptForBuffers({ name }: DisruptionNode, { bufferNodes }: EmptinessInput): Obstacle | undefined {
  const buffers = bufferNodes?.get(name) ?? [];
  if (buffers.length === 0) return undefined;
  const noun = buffers.length === 1 ? "CapacityBuffer" : "CapacityBuffers";
  return { code: "BufferPods", detail: `room on it is kept for ${noun} ${buffers.join(", ")}` };
}

function notEmpty({ pods }: DisruptionNode, pool: NodePool): Obstacle | undefined {
  if (isEmpty(pods)) return undefined;
  const moving = pods.filter(isReschedulable);
  const [first] = moving;
  const others = moving.length > 1 ? ` and ${moving.length - 1} more` : "";
  const runs = `pod ${first ? podName(first) : ""}${others} would have to move`;
  if (pool.spec.disruption?.consolidationPolicy !== "WhenEmpty") return { code: "NotEmpty", detail: runs };
  return {
    code: "PolicyWhenEmpty",
    detail: `${runs}, and NodePool ${pool.metadata.name ?? ""} removes empty nodes only`,
  };
}

/** The condition is what the controller last wrote; the time is checked as well, because writing may lag (D-135). */
function notYet({ nodeClaim, lastPodEvent }: DisruptionNode, pool: NodePool, nowMs: number): Obstacle | undefined {
  if (nodeClaim === undefined) return undefined;
  const at = consolidatableAt(nodeClaim, pool, lastPodEvent);
  if (at !== undefined && nowMs < at) {
    return { code: "WaitConsolidateAfter", detail: `empty, ${consolidationWait(nodeClaim, pool, at)}`, until: at };
  }
  if (at !== undefined && isConditionTrue(nodeClaim, NodeClaimCondition.Consolidatable)) return undefined;
  return { code: "WaitConsolidateAfter", detail: "empty, its NodeClaim is not marked Consolidatable yet" };
}

function excluded({ name }: DisruptionNode, { only }: EmptinessInput): Obstacle | undefined {
  if (only === undefined || only.has(name)) return undefined;
  return { code: "StaleState", detail: "it is not part of the command; it is judged again in the next round" };
}

/** D-28, DX-12: what saves most per pod moved first, then what wastes less paid time, then the older node, then by name. */
function inOrder(
  candidates: readonly DisruptionNode[],
  { instanceTypes, nowMs }: EmptinessInput,
): readonly DisruptionNode[] {
  return candidates
    .map((node) => {
      const types = instanceTypes?.get(node.nodePool ?? "") ?? [];
      const billing = offeringOfNode(node.labels, types)?.billing;
      const createdAt = node.nodeClaim ? creationOf(node.nodeClaim) : 0;
      return {
        node,
        ratio: (rateOfNode(node.labels, types)?.amount ?? 0) / rescheduleCost(node.pods),
        moves: node.pods.filter(isReschedulable).length,
        paid: billing ? paidTimeLeft(billing, nowMs - createdAt) : 0,
        createdAt,
      };
    })
    .toSorted(
      (a, b) =>
        b.ratio - a.ratio ||
        a.moves - b.moves ||
        a.paid - b.paid ||
        a.createdAt - b.createdAt ||
        compareText(a.node.name, b.node.name),
    )
    .map(({ node }) => node);
}

function contextOf(input: EmptinessInput): CandidateContext {
  const { nodePools, instanceTypes, pdbs, inCommand, kept, paused, nowMs } = input;
  const withTypes = instanceTypes && [...instanceTypes].flatMap(([pool, types]) => (types.length > 0 ? [pool] : []));
  return {
    nodePools: new Map(nodePools.map((pool) => [pool.metadata.name ?? "", pool])),
    ...(withTypes && { poolsWithTypes: new Set(withTypes) }),
    pdbs: indexPdbs(pdbs),
    inCommand: inCommand ?? new Set(),
    ...(kept && { kept }),
    ...(paused && { paused }),
    nowMs,
  };
}

function ofPool({ nodePool }: DisruptionNode): { readonly nodePool?: string } {
  return nodePool ? { nodePool } : {};
}
