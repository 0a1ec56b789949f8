// The nodes of a scenario as the mirror of a cluster shows them, and as a solve sees them.

import { Label } from "../../api/index.ts";
import { isTerminal } from "../../disruption/index.ts";
import { volumeLimitsOfNode } from "../../scheduling/index.ts";
import type { NodeInput } from "../../scheduling/index.ts";
import { buildStateNode } from "../../state/index.ts";
import type { StateNode } from "../../state/index.ts";
import type { Scenario, ScenarioNode } from "./scenario.ts";

export function stateNodesOf(entries: readonly ScenarioNode[]): readonly StateNode[] {
  return entries.map((entry) =>
    buildStateNode({ ...entry, pods: entry.pods.filter((pod) => !isTerminal(pod)), marked: false }),
  );
}

export function nodeInputOf(node: StateNode, { csiNodes }: Scenario): NodeInput {
  const csiNode = csiNodes.find(({ metadata }) => metadata.name === node.name);
  const volumeLimits = volumeLimitsOfNode(csiNode, undefined);
  return {
    name: node.name,
    ...(node.nodePool !== undefined && { nodePool: node.nodePool }),
    initialized: node.initialized,
    labels: { [Label.Hostname]: node.name, ...node.labels },
    taints: node.taints,
    capacity: node.capacity,
    allocatable: node.allocatable,
    pods: node.pods,
    ...(volumeLimits && { volumeLimits }),
  };
}
