// What Karpenter v1.14 itself decided for recorded clusters, beside what this engine decides. Each file of test-data holds one
// cluster and every outcome that counts as right; where Karpenter breaks ties at random there are several.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { WELL_KNOWN_LABELS } from "../api/index.ts";
import type {
  DaemonSet,
  NodePool,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceList,
  StorageClass,
} from "../api/index.ts";
import { PARITY_ENGINES } from "../testing/engines.ts";
import { instanceTypeOf, scheduleResult } from "../testing/oracle-scenario/index.ts";
import type { ClaimResult, ScenarioInstanceType } from "../testing/oracle-scenario/index.ts";
import { allocatableFrom, compareText } from "../units/index.ts";
import type { NodeInput, ProblemInput } from "./problem.ts";
import type { Solution } from "./solution.ts";

interface RecordedNode extends Omit<NodeInput, "capacity" | "allocatable"> {
  readonly capacity: ResourceList;
  readonly allocatable: ResourceList;
}

type RecordedClaim = Omit<ClaimResult, "cheapestPrice">;

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
    readonly instanceTypes: readonly ScenarioInstanceType[];
    readonly minValuesPolicy?: "BestEffort";
    readonly nodes: readonly RecordedNode[];
    readonly daemonSets: readonly DaemonSet[];
    readonly pods: readonly Pod[];
    readonly pvs?: readonly PersistentVolume[];
    readonly pvcs?: readonly PersistentVolumeClaim[];
    readonly storageClasses?: readonly StorageClass[];
  };
  readonly accepted: readonly Outcome[];
  /**
   * Set where this engine breaks a tie by a rule of its own (of two claims with equally many pods the older one is tried
   * first, S-318) and thereby comes to a plan that is as good, but not one of Karpenter's; and where Karpenter's claims of one
   * pool share their annotations, so that the last one decides for all whether minValues was relaxed (S-510).
   */
  readonly own?: Outcome;
}

const FOLDER = new URL("./test-data/", import.meta.url);
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .toSorted(compareText)
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as RecordedCase);

describe.each(PARITY_ENGINES)("$name: recorded decisions of Karpenter", (engine) => {
  it("are there", () => {
    expect(cases.length).toBeGreaterThanOrEqual(16);
  });

  it.each(cases)("$name: $description", (recorded) => {
    const problem = problemOf(recorded);
    const outcome = outcomeOf(engine.solve(problem), problem);
    expect((recorded.own ? [recorded.own] : recorded.accepted).map(withPrices)).toContainEqual(outcome);
  });

  it.each(cases)("$name: the same pods in reverse order get the same answer", (recorded) => {
    const problem = problemOf(recorded);
    const reversed = { ...problem, pods: problem.pods.toReversed(), nodes: problem.nodes.toReversed() };
    expect(outcomeOf(engine.solve(reversed), problem)).toEqual(outcomeOf(engine.solve(problem), problem));
  });
});

function problemOf({ scenario }: RecordedCase): ProblemInput {
  return {
    pods: scenario.pods,
    nodePools: scenario.nodePools.map((nodePool) => ({
      nodePool,
      instanceTypes: scenario.instanceTypes
        .filter(({ nodePools }) => !nodePools || nodePools.includes(nodePool.metadata.name ?? ""))
        .map(instanceTypeOf),
    })),
    nodes: scenario.nodes.map((node) => ({
      ...node,
      capacity: allocatableFrom(node.capacity),
      allocatable: allocatableFrom(node.allocatable),
    })),
    daemonSets: scenario.daemonSets.map((daemonSet) => ({ daemonSet })),
    storage: {
      persistentVolumes: scenario.pvs ?? [],
      persistentVolumeClaims: scenario.pvcs ?? [],
      storageClasses: scenario.storageClasses ?? [],
    },
    wellKnownLabels: new Set([...WELL_KNOWN_LABELS, ...scenario.wellKnownLabels]),
    ...(scenario.minValuesPolicy && { minValuesPolicy: scenario.minValuesPolicy }),
  };
}

/** Records say the price once. */
function withPrices(outcome: Outcome): Outcome {
  const claims = outcome.newNodeClaims.map((claim) => ({ ...claim, cheapestPrice: claim.cheapest?.price ?? 0 }));
  return { ...outcome, newNodeClaims: claims };
}

function outcomeOf(solution: Solution, problem: ProblemInput): Outcome {
  const { newNodeClaims, existingNodes, errors } = scheduleResult(solution, problem);
  // Karpenter leaves pods out whose claims it cannot find (S-238); here they are told with the others, under a reason of their own.
  const ignored = solution.failures
    .filter(({ nodePools }) => nodePools[0]?.reason === "VolumeLookupFailed")
    .map(({ pod }) => `${pod.namespace}/${pod.name}`);
  return {
    newNodeClaims,
    existingNodes,
    errors: Object.keys(errors).filter((key) => !ignored.includes(key)),
    ignored,
  };
}
