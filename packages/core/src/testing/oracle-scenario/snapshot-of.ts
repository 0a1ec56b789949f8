// From a scenario to what disruption decides on: all its nodes, also foreign, starting and leaving ones.

import { DISRUPTION_DEFAULTS } from "../../disruption/index.ts";
import type { DisruptionSnapshot } from "../../disruption/index.ts";
import { conditionsSaid, evaluatedEntries } from "./evaluated-conditions.ts";
import { pdbsOf } from "./pdb-status.ts";
import { poolInputsOf } from "./pool-inputs.ts";
import { problemFrameOf } from "./problem-of.ts";
import { nodeInputOf, stateNodesOf } from "./scenario-nodes.ts";
import type { Scenario } from "./scenario.ts";
import { waitingPods } from "./waiting-pods.ts";

export interface ScenarioSnapshot {
  readonly snapshot: DisruptionSnapshot;
  /** By name of the NodeClaim, when the scenario has them computed. */
  readonly conditions?: Readonly<Record<string, string>>;
}

/** ScenarioError for what the engine cannot be asked yet. */
export function snapshotOf(scenario: Scenario): ScenarioSnapshot {
  const problem = problemFrameOf(scenario);
  const pools = poolInputsOf(scenario, problem.wellKnownLabels);
  const entries = evaluatedEntries(scenario, pools, problem.wellKnownLabels);
  const nodes = stateNodesOf(entries);
  const { evaluateConditions, featureGates } = scenario.options;
  return {
    snapshot: {
      nowMs: Date.parse(scenario.now),
      nodes,
      nodeInputs: new Map(nodes.map((node) => [node.name, nodeInputOf(node, scenario)])),
      nodePools: pools.map(({ nodePool }) => nodePool),
      pools,
      pdbs: pdbsOf(scenario),
      pendingPods: waitingPods(scenario, problem.wellKnownLabels).waiting,
      problem,
      inCommand: new Set(),
      settings: { ...DISRUPTION_DEFAULTS, spotToSpot: featureGates["SpotToSpotConsolidation"] === true },
    },
    ...(evaluateConditions && { conditions: conditionsSaid(entries) }),
  };
}
