// Which candidates consolidation may touch: the checks that multi-node and single-node share (D-58, D-59).

import { isConditionTrue, Label, NodeClaimCondition } from "../api/index.ts";
import type { NodePool } from "../api/index.ts";
import type { Obstacle } from "./obstacle.ts";
import type { Candidate, CandidateFilter } from "./candidates.ts";
import { consolidatableAt, consolidateAfter, consolidationWait } from "./consolidatable.ts";
import { isEmpty } from "./eviction-cost.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";

/** Empty nodes are left to Emptiness. */
export function consolidationFilter({ nowMs }: DisruptionSnapshot): CandidateFilter {
  return {
    disruptionClass: "graceful",
    looksAt: ({ pods }) => !isEmpty(pods),
    obstacle: (candidate) => consolidationObstacle(candidate, nowMs),
  };
}

function consolidationObstacle(candidate: Candidate, nowMs: number): Obstacle | undefined {
  const { nodePool } = candidate;
  return (
    staticObstacle(nodePool) ?? unknownOf(candidate) ?? policyObstacle(nodePool) ?? notYet(candidate, nodePool, nowMs)
  );
}

export function staticObstacle({ metadata: { name = "" }, spec }: NodePool): Obstacle | undefined {
  if (spec.replicas === undefined) return undefined;
  return { code: "StaticPool", detail: `NodePool ${name} keeps a fixed number of nodes` };
}

/** D-59: what a NodePool says of nodes that are not empty. */
export function policyObstacle(nodePool: NodePool): Obstacle | undefined {
  const { name = "" } = nodePool.metadata;
  if (consolidateAfter(nodePool) === undefined) {
    return { code: "ConsolidationDisabled", detail: `NodePool ${name} has consolidateAfter: Never` };
  }
  if (nodePool.spec.disruption?.consolidationPolicy === "WhenEmpty") {
    return { code: "PolicyWhenEmpty", detail: `pods run on it, and NodePool ${name} removes empty nodes only` };
  }
  return undefined;
}

/** Without these nobody can say what the node costs. */
function unknownOf({ instanceType, capacityType, zone, node, pool }: Candidate): Obstacle | undefined {
  if (instanceType === undefined) {
    const name = node.labels[Label.InstanceType];
    const detail = name
      ? `NodePool ${pool} does not sell its instance type ${name}`
      : `it has no label ${Label.InstanceType}`;
    return { code: "TypesUnavailable", detail };
  }
  if (capacityType === undefined) return { code: "NoCapacityType", detail: `it has no label ${Label.CapacityType}` };
  if (zone === undefined) return { code: "NoZone", detail: `it has no label ${Label.Zone}` };
  return undefined;
}

/** The condition is what the controller last wrote; the time is checked as well, because writing may lag (D-135). */
function notYet(
  { nodeClaim, node: { lastPodEvent } }: Candidate,
  nodePool: NodePool,
  nowMs: number,
): Obstacle | undefined {
  const at = consolidatableAt(nodeClaim, nodePool, lastPodEvent);
  if (at !== undefined && nowMs < at) {
    const detail = consolidationWait(nodeClaim, nodePool, at);
    return { code: "WaitConsolidateAfter", detail, until: at };
  }
  if (isConditionTrue(nodeClaim, NodeClaimCondition.Consolidatable)) return undefined;
  return { code: "WaitConsolidateAfter", detail: "its NodeClaim is not marked Consolidatable yet" };
}
