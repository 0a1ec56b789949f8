// What Karpenter v1.14 itself decided for recorded clusters, beside what this engine decides. Each file of test-data holds one
// cluster and every outcome that counts as right; where Karpenter breaks ties at random there are several.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Label, WELL_KNOWN_LABELS } from "../api/index.ts";
import type { DaemonSet, NodePool, Pod, RequirementSpec, ResourceList, Taint } from "../api/index.ts";
import type { InstanceType, Offering } from "../provider/index.ts";
import { Requirement, Requirements } from "../requirements/index.ts";
import type { RequirementLike } from "../requirements/index.ts";
import { allocatableFrom, compareText, toResourceList } from "../units/index.ts";
import { podKey } from "./pod-to-place.ts";
import type { NodeInput, ProblemInput } from "./problem.ts";
import type { PlannedClaim, Solution } from "./solution.ts";
import { solve } from "./solve.ts";

interface RecordedType {
  readonly name: string;
  readonly nodePools?: readonly string[];
  readonly capacity: ResourceList;
  readonly overhead: Partial<Record<"kubeReserved" | "systemReserved" | "evictionThreshold", ResourceList>>;
  readonly requirements: readonly RequirementLike[];
  readonly offerings: readonly {
    readonly capacityType: string;
    readonly zone: string;
    readonly price: number;
    readonly available: boolean;
  }[];
}

interface RecordedNode extends Omit<NodeInput, "capacity" | "allocatable"> {
  readonly capacity: ResourceList;
  readonly allocatable: ResourceList;
}

interface RecordedClaim {
  readonly nodePool: string;
  readonly pods: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly instanceTypeMinValues?: number;
  readonly requirements: readonly RequirementSpec[];
  readonly requests: ResourceList;
  readonly taints?: readonly Taint[];
  readonly cheapest: {
    readonly instanceType: string;
    readonly zone: string;
    readonly capacityType: string;
    readonly price: number;
  };
}

interface Outcome {
  readonly newNodeClaims: readonly RecordedClaim[];
  readonly existingNodes: readonly { readonly name: string; readonly pods: readonly string[] }[];
  /** Pods that found no place. */
  readonly errors: readonly string[];
  readonly ignored: readonly string[];
}

interface RecordedCase {
  readonly name: string;
  readonly description: string;
  readonly scenario: {
    readonly wellKnownLabels: readonly string[];
    readonly nodePools: readonly NodePool[];
    readonly instanceTypes: readonly RecordedType[];
    readonly nodes: readonly RecordedNode[];
    readonly daemonSets: readonly DaemonSet[];
    readonly pods: readonly Pod[];
  };
  readonly accepted: readonly Outcome[];
  /**
   * Set where this engine breaks a tie by a rule of its own (of two claims with equally many pods the older one is tried
   * first, S-318) and thereby comes to a plan that is as good, but not one of Karpenter's.
   */
  readonly own?: Outcome;
}

const FOLDER = new URL("./test-data/", import.meta.url);
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .toSorted(compareText)
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as RecordedCase);

describe("recorded decisions of Karpenter", () => {
  it("are there", () => {
    expect(cases.length).toBeGreaterThanOrEqual(15);
  });

  it.each(cases)("$name: $description", (recorded) => {
    const outcome = outcomeOf(solve(problemOf(recorded)), recorded);
    expect(recorded.own ? [recorded.own] : recorded.accepted).toContainEqual(outcome);
  });

  it.each(cases)("$name: the same pods in reverse order get the same answer", (recorded) => {
    const problem = problemOf(recorded);
    const reversed = { ...problem, pods: problem.pods.toReversed(), nodes: problem.nodes.toReversed() };
    expect(outcomeOf(solve(reversed), recorded)).toEqual(outcomeOf(solve(problem), recorded));
  });
});

function problemOf({ scenario }: RecordedCase): ProblemInput {
  return {
    pods: scenario.pods,
    nodePools: scenario.nodePools.map((nodePool) => ({
      nodePool,
      instanceTypes: scenario.instanceTypes
        .filter(({ nodePools }) => !nodePools || nodePools.includes(nodePool.metadata.name ?? ""))
        .map(typeOf),
    })),
    nodes: scenario.nodes.map((node) => ({
      ...node,
      capacity: allocatableFrom(node.capacity),
      allocatable: allocatableFrom(node.allocatable),
    })),
    daemonSets: scenario.daemonSets.map((daemonSet) => ({ daemonSet })),
    wellKnownLabels: new Set([...WELL_KNOWN_LABELS, ...scenario.wellKnownLabels]),
  };
}

function typeOf({ name, capacity, overhead, requirements, offerings }: RecordedType): InstanceType {
  return {
    name,
    requirements: Requirements.fromSpecs(requirements),
    offerings: offerings.map(({ capacityType, zone, price, available }): Offering => ({
      requirements: Requirements.of(
        Requirement.of(Label.CapacityType, "In", [capacityType]),
        Requirement.of(Label.Zone, "In", [zone]),
      ),
      price: { amount: price, currency: "EUR" },
      availability: available ? { available } : { available, reason: "out of stock" },
    })),
    capacity: allocatableFrom(capacity),
    overhead: {
      kubeReserved: allocatableFrom(overhead.kubeReserved),
      systemReserved: allocatableFrom(overhead.systemReserved),
      evictionThreshold: allocatableFrom(overhead.evictionThreshold),
    },
  };
}

function outcomeOf(solution: Solution, { scenario }: RecordedCase): Outcome {
  return {
    newNodeClaims: solution.newClaims.map((claim) => recorded(claim, scenario.nodePools)).toSorted(compareClaims),
    existingNodes: solution.existing
      .map(({ node, pods }) => ({ name: node, pods: pods.map(podKey).toSorted(compareText) }))
      .toSorted((a, b) => compareText(a.name, b.name)),
    errors: solution.failures.map(({ pod }) => `${pod.namespace}/${pod.name}`),
    ignored: [],
  };
}

function recorded(claim: PlannedClaim, pools: readonly NodePool[]): RecordedClaim {
  const { requirements, cheapest } = claim;
  const { minValues } = requirements.get(Label.InstanceType);
  const taints = pools.find(({ metadata }) => metadata.name === claim.nodePool)?.spec.template.spec.taints;
  const { offering } = cheapest;
  return {
    nodePool: claim.nodePool,
    pods: claim.pods.map(podKey).toSorted(compareText),
    instanceTypes: claim.instanceTypes.map(({ name }) => name),
    ...(minValues !== undefined && { instanceTypeMinValues: minValues }),
    requirements: requirements.without(Label.InstanceType).toSpecs(),
    requests: toResourceList(claim.requests),
    ...(taints && { taints }),
    cheapest: {
      instanceType: cheapest.instanceType.name,
      zone: offering.requirements.get(Label.Zone).single() ?? "",
      capacityType: offering.requirements.get(Label.CapacityType).single() ?? "",
      price: offering.price?.amount ?? 0,
    },
  };
}

function compareClaims(a: RecordedClaim, b: RecordedClaim): number {
  return compareText(a.nodePool, b.nodePool) || compareText(a.pods[0] ?? "", b.pods[0] ?? "");
}
