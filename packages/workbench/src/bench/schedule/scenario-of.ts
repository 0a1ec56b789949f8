// A problem in the JSON form that Karpenter can be asked in (the format that core's readScenario reads back to the same problem).

import { Label, WELL_KNOWN_LABELS } from "@karpenter-multicloud/core/api";
import type { ResourceList } from "@karpenter-multicloud/core/api";
import type { InstanceType, Offering } from "@karpenter-multicloud/core/provider";
import type { NodeInput, ProblemInput } from "@karpenter-multicloud/core/scheduling";
import { toResourceList } from "@karpenter-multicloud/core/units";
import type { Resources } from "@karpenter-multicloud/core/units";

export interface ScenarioHead {
  readonly name: string;
  /** Bound for one solve. */
  readonly timeoutSeconds?: number;
}

const NODE_COUNT = "nodes";

/** @throws Error for what workloads do not use and the conversion therefore does not know */
export function scenarioOf(problem: ProblemInput, { name, timeoutSeconds }: ScenarioHead): object {
  refuseUnknownParts(problem);
  const wellKnown = new Set<string>(WELL_KNOWN_LABELS);
  return {
    name,
    action: "schedule",
    options: {
      preferencePolicy: problem.preferencePolicy ?? "Respect",
      wellKnownLabels: [...problem.wellKnownLabels].filter((key) => !wellKnown.has(key)),
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    },
    // Without status: the format fills in the conditions of a pool that is ready.
    nodePools: problem.nodePools.map(({ nodePool: { apiVersion, kind, metadata, spec } }) => {
      return { apiVersion, kind, metadata, spec };
    }),
    instanceTypes: soldTypes(problem),
    nodes: problem.nodes.map(nodeEntry),
    pods: problem.pods,
    daemonSets: problem.daemonSets.map(({ daemonSet }) => daemonSet),
  };
}

function refuseUnknownParts(problem: ProblemInput): void {
  const unknown = [
    problem.storage && "storage",
    problem.defaultSpread && "default spread",
    problem.normalization && "normalization",
    problem.capacityTypes && "capacity types of its own",
    problem.nodePools.some(({ skipped }) => skipped) && "a skipped pool",
    problem.nodes.some(({ initialized }) => !initialized) && "a node that is not initialized",
  ].find(Boolean);
  if (unknown) throw new Error(`a problem with ${unknown} cannot be put to karpenter by the bench`);
}

/** Each type once, with the pools that sell it unless all do. */
function soldTypes({ nodePools }: ProblemInput): readonly object[] {
  const sellers = new Map<InstanceType, string[]>();
  for (const { nodePool, instanceTypes } of nodePools) {
    for (const type of instanceTypes) {
      const pools = sellers.get(type) ?? [];
      pools.push(nodePool.metadata.name ?? "");
      sellers.set(type, pools);
    }
  }
  return [...sellers].map(([type, pools]) => ({
    ...typeOf(type),
    ...(pools.length < nodePools.length && { nodePools: pools }),
  }));
}

function typeOf({ name, capacity, overhead, requirements, offerings }: InstanceType): object {
  return {
    name,
    capacity: toResourceList(capacity),
    overhead: {
      kubeReserved: toResourceList(overhead.kubeReserved),
      systemReserved: toResourceList(overhead.systemReserved),
      evictionThreshold: toResourceList(overhead.evictionThreshold),
    },
    requirements: requirements.toSpecs(),
    offerings: offerings.map(offeringOf),
  };
}

function offeringOf({ requirements, price, availability }: Offering): object {
  return {
    capacityType: requirements.get(Label.CapacityType).single(),
    zone: requirements.get(Label.Zone).single(),
    price: price?.amount ?? 0,
    available: availability.available,
    requirements: requirements.without(Label.CapacityType).without(Label.Zone).toSpecs(),
  };
}

function nodeEntry({ name, labels, taints, capacity, allocatable, pods }: NodeInput): object {
  return {
    state: "initialized",
    node: {
      metadata: { name, labels },
      spec: { taints },
      status: { capacity: amounts(capacity), allocatable: amounts(allocatable) },
    },
    pods,
  };
}

function amounts(resources: Resources): ResourceList {
  return toResourceList(Object.fromEntries(Object.entries(resources).filter(([resource]) => resource !== NODE_COUNT)));
}
