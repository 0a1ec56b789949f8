// From a scenario to the input of one solve, and which of its pods take no part and why.

import { WELL_KNOWN_LABELS } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { indexPdbs, isCurrentlyReschedulable } from "../../disruption/index.ts";
import type { ProblemInput } from "../../scheduling/index.ts";
import type { StateNode } from "../../state/index.ts";
import { pdbsOf } from "./pdb-status.ts";
import { poolInputsOf } from "./pool-inputs.ts";
import { RESERVATION_ID } from "./reading/read-instance-type.ts";
import { nodeInputOf, stateNodesOf } from "./scenario-nodes.ts";
import { ScenarioError } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";
import { waitingPods } from "./waiting-pods.ts";

export interface ScenarioProblem {
  readonly problem: ProblemInput;
  /** Pod key → why it is left out. */
  readonly ignored: Readonly<Record<string, string>>;
}

/** ScenarioError for what the engine cannot be asked yet. */
export function problemOf(scenario: Scenario): ScenarioProblem {
  const frame = problemFrameOf(scenario);
  const nodes = stateNodesOf(scenario.nodes);
  const staying = nodes.filter(({ markedForDeletion }) => !markedForDeletion);
  const { waiting, ignored } = waitingPods(scenario, frame.wellKnownLabels);
  return {
    problem: {
      ...frame,
      pods: [...waiting, ...leavingPods(nodes, scenario)],
      nodePools: poolInputsOf(scenario, frame.wellKnownLabels),
      nodes: staying.map((node) => nodeInputOf(node, scenario)),
    },
    ignored,
  };
}

/** What every solve of the scenario has in common, whichever pods and nodes it is about. */
export function problemFrameOf(scenario: Scenario): Omit<ProblemInput, "pods" | "nodes" | "nodePools"> {
  const { options, storage, daemonSets, namespaces } = scenario;
  if (options.featureGates["CapacityBuffer"] === true) {
    throw new ScenarioError("feature gate CapacityBuffer is not supported yet");
  }
  return {
    storage,
    daemonSets: daemonSets.map((daemonSet) => ({ daemonSet })),
    wellKnownLabels: new Set([...WELL_KNOWN_LABELS, RESERVATION_ID, ...options.wellKnownLabels]),
    preferencePolicy: options.preferencePolicy,
    minValuesPolicy: options.minValuesPolicy,
    reservedCapacity: options.featureGates["ReservedCapacity"] === true ? "Strict" : "Off",
    reservationIdLabel: RESERVATION_ID,
    namespaces: namespaces.map(({ metadata }) => ({ name: metadata.name ?? "", labels: metadata.labels ?? {} })),
  };
}

function leavingPods(nodes: readonly StateNode[], scenario: Scenario): readonly Pod[] {
  const index = indexPdbs(pdbsOf(scenario));
  const moment = Date.parse(scenario.now);
  return nodes
    .filter(({ markedForDeletion }) => markedForDeletion)
    .flatMap((node) => node.pods.filter((pod) => isCurrentlyReschedulable(pod, moment, index)));
}
