// The cluster as this process sees it, for people: what it decides on, and what it has to do (OP-5).

import type { ControllerManager } from "@karpenter-multicloud/core/runtime";
import type { ClusterState, StateNode } from "@karpenter-multicloud/core/state";
import { toRfc3339 } from "@karpenter-multicloud/core/api";
import { toResourceList } from "@karpenter-multicloud/core/units";

export interface DumpedParts {
  readonly state: Pick<ClusterState, "nodes" | "unsynced">;
  readonly manager: Pick<ControllerManager, "queues" | "running">;
  readonly leads: () => boolean;
  readonly now: () => number;
}

/** Annotations are left out: anybody may have put anything there. */
export function stateDump({ state, manager, leads, now }: DumpedParts): unknown {
  return {
    time: toRfc3339(now()),
    leading: leads(),
    controllersRun: manager.running,
    unsynced: state.unsynced(),
    nodes: state.nodes().map(dumpNode),
    queues: manager.queues(),
  };
}

function dumpNode(node: StateNode): unknown {
  const { name, providerID, nodePool, managed, registered, initialized, markedForDeletion, nominatedUntil } = node;
  return {
    name,
    providerID,
    nodeClaim: node.nodeClaim?.metadata.name,
    nodePool,
    managed,
    registered,
    initialized,
    markedForDeletion,
    nominatedUntil: nominatedUntil === undefined ? undefined : toRfc3339(nominatedUntil),
    labels: node.labels,
    taints: node.taints,
    capacity: toResourceList(node.capacity),
    allocatable: toResourceList(node.allocatable),
    pods: node.pods.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name ?? ""}`),
  };
}
