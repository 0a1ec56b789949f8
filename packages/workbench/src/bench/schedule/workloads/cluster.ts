// The setting all workloads share: F2 types, one pool without requirements, limits that nothing reaches (S-901).

import type { InstanceType } from "@karpenter-multicloud/core/provider";
import type { ProblemInput } from "@karpenter-multicloud/core/scheduling";
import { aPoolInput, ascendingTypes, FIXTURE_WELL_KNOWN } from "@karpenter-multicloud/core/testing";

const TYPES = 400;

/** Ten million cores and ten million Gi. */
export const ENDLESS = { cpu: "10000000", memory: "10000000Gi" } as const;

export const BENCH_ZONES = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;

export function benchProblem(
  changes: Partial<ProblemInput>,
  instanceTypes: readonly InstanceType[] = ascendingTypes(TYPES),
): ProblemInput {
  return {
    pods: [],
    nodePools: [aPoolInput({ instanceTypes, limits: ENDLESS })],
    nodes: [],
    daemonSets: [],
    wellKnownLabels: FIXTURE_WELL_KNOWN,
    preferencePolicy: "Respect",
    ...changes,
  };
}
