// From a scenario to the input of one solve, and which of its pods take no part and why.

import { WELL_KNOWN_LABELS } from "../../api/index.ts";
import type { NodePool, Pod, PodDisruptionBudget } from "../../api/index.ts";
import { indexPdbs, isCurrentlyReschedulable, isProvisionable, isTerminal } from "../../disruption/index.ts";
import { optsOutOfNodePools, podErrors } from "../../scheduling/index.ts";
import type { NodeInput, ProblemInput } from "../../scheduling/index.ts";
import { buildStateNode } from "../../state/index.ts";
import type { StateNode } from "../../state/index.ts";
import { Label, matchesSelector } from "../../api/index.ts";
import { instanceTypeOf } from "./instance-type-of.ts";
import { SCENARIO_CLASS } from "./named-object.ts";
import { ScenarioError } from "./scenario.ts";
import type { Scenario, ScenarioInstanceType } from "./scenario.ts";

export interface ScenarioProblem {
  readonly problem: ProblemInput;
  /** Pod key → why it is left out. */
  readonly ignored: Readonly<Record<string, string>>;
}

/** ScenarioError for what the engine cannot be asked yet. */
export function problemOf(scenario: Scenario): ScenarioProblem {
  refuseUnsupported(scenario);
  const wellKnownLabels = new Set([...WELL_KNOWN_LABELS, ...scenario.options.wellKnownLabels]);
  const nodes = scenario.nodes.map((entry) =>
    buildStateNode({ ...entry, pods: entry.pods.filter(isLive), marked: false }),
  );
  const staying = nodes.filter(({ markedForDeletion }) => !markedForDeletion);
  const ignored: Record<string, string> = {};
  const waiting = scenario.pods.filter((pod) => {
    const why = leftOut(pod, wellKnownLabels);
    if (why !== undefined) ignored[keyOf(pod)] = why;
    return why === undefined;
  });
  return {
    problem: {
      pods: [...waiting, ...leavingPods(nodes, scenario)],
      nodePools: scenario.nodePools.filter(isManaged).map((nodePool) => ({
        nodePool,
        instanceTypes: typesFor(nodePool, scenario.instanceTypes).map(instanceTypeOf),
      })),
      nodes: staying.map(nodeInputOf),
      daemonSets: scenario.daemonSets.map((daemonSet) => ({ daemonSet })),
      wellKnownLabels,
      preferencePolicy: scenario.options.preferencePolicy,
      namespaces: scenario.namespaces.map(({ metadata }) => ({
        name: metadata.name ?? "",
        labels: metadata.labels ?? {},
      })),
    },
    ignored,
  };
}

function refuseUnsupported({ action, options, nodeOverlays, instanceTypes }: Scenario): void {
  const offerings = instanceTypes.flatMap((type) => type.offerings);
  const refusals: readonly (readonly [boolean, string])[] = [
    [action !== "schedule", `action "${action}"`],
    [options.minValuesPolicy === "BestEffort", "minValuesPolicy BestEffort"],
    [options.featureGates["NodeOverlay"] === true && nodeOverlays.length > 0, "a NodeOverlay"],
    [options.featureGates["CapacityBuffer"] === true, "feature gate CapacityBuffer"],
    [offerings.some(({ capacityType, available }) => capacityType === "reserved" && available), "a reserved offering"],
    [offerings.some((each) => each.capacityOverride ?? each.overheadOverride), "an offering with its own capacity"],
  ];
  const found = refusals.find(([applies]) => applies);
  if (found) throw new ScenarioError(`${found[1]} is not supported yet`);
}

function leftOut(pod: Pod, wellKnown: ReadonlySet<string>): string | undefined {
  if (!isProvisionable(pod)) return "not provisionable";
  if (optsOutOfNodePools(pod)) return `it asks for nodes without the label ${Label.NodePool}`;
  const errors = podErrors(pod, { wellKnown, restrictedDomains: [] });
  return errors.length > 0 ? errors.join("; ") : undefined;
}

function isManaged({ spec }: NodePool): boolean {
  const { group, kind } = spec.template.spec.nodeClassRef;
  return group === SCENARIO_CLASS.group && kind === SCENARIO_CLASS.kind;
}

function typesFor({ metadata }: NodePool, types: readonly ScenarioInstanceType[]): readonly ScenarioInstanceType[] {
  return types.filter(({ nodePools }) => nodePools === undefined || nodePools.includes(metadata.name ?? ""));
}

function leavingPods(nodes: readonly StateNode[], { pdbs, pods, nodes: entries, now }: Scenario): readonly Pod[] {
  const all = [...pods, ...entries.flatMap((entry) => entry.pods)];
  const index = indexPdbs(pdbs.map((pdb) => withStatus(pdb, all)));
  const moment = Date.parse(now);
  return nodes
    .filter(({ markedForDeletion }) => markedForDeletion)
    .flatMap((node) => node.pods.filter((pod) => isCurrentlyReschedulable(pod, moment, index)));
}

/** The status its controller would compute from the listed pods, when there is none. */
function withStatus(pdb: PodDisruptionBudget, pods: readonly Pod[]): PodDisruptionBudget {
  if (Object.values(pdb.status ?? {}).some((count) => count !== 0)) return pdb;
  const chosen = pods.filter(
    (pod) =>
      pod.metadata.namespace === pdb.metadata.namespace &&
      isLive(pod) &&
      matchesSelector(pdb.spec.selector, pod.metadata.labels),
  );
  const ready = chosen.filter((pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  const { maxUnavailable, minAvailable } = pdb.spec;
  const desired =
    maxUnavailable === undefined
      ? scaled(minAvailable ?? 0, chosen.length)
      : Math.max(0, chosen.length - scaled(maxUnavailable, chosen.length));
  return {
    ...pdb,
    status: {
      expectedPods: chosen.length,
      currentHealthy: ready.length,
      desiredHealthy: desired,
      disruptionsAllowed: Math.max(0, ready.length - desired),
    },
  };
}

/** Percentages round up. */
function scaled(amount: number | string, total: number): number {
  if (typeof amount === "number") return amount;
  return amount.endsWith("%") ? Math.ceil((Number.parseInt(amount, 10) * total) / 100) : Number.parseInt(amount, 10);
}

function nodeInputOf(node: StateNode): NodeInput {
  return {
    name: node.name,
    ...(node.nodePool !== undefined && { nodePool: node.nodePool }),
    initialized: node.initialized,
    labels: { [Label.Hostname]: node.name, ...node.labels },
    taints: node.taints,
    capacity: node.capacity,
    allocatable: node.allocatable,
    pods: node.pods,
  };
}

function isLive(pod: Pod): boolean {
  return !isTerminal(pod);
}

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? "default"}/${metadata.name ?? ""}`;
}
