// From a scenario to the input of one solve, and which of its pods take no part and why.

import { WELL_KNOWN_LABELS } from "../../api/index.ts";
import type { NodePool, Pod, PodDisruptionBudget } from "../../api/index.ts";
import { indexPdbs, isCurrentlyReschedulable, isProvisionable, isTerminal } from "../../disruption/index.ts";
import {
  evaluateOverlays,
  optsOutOfNodePools,
  overlaidPool,
  podErrors,
  volumeLimitsOfNode,
  VolumeBook,
} from "../../scheduling/index.ts";
import type { NodeInput, PoolInput, ProblemInput } from "../../scheduling/index.ts";
import { buildStateNode } from "../../state/index.ts";
import type { StateNode } from "../../state/index.ts";
import { Label, matchesSelector } from "../../api/index.ts";
import { instanceTypeOf } from "./instance-type-of.ts";
import { SCENARIO_CLASS } from "./named-object.ts";
import { RESERVATION_ID } from "./read-instance-type.ts";
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
  const wellKnownLabels = new Set([...WELL_KNOWN_LABELS, RESERVATION_ID, ...scenario.options.wellKnownLabels]);
  const nodes = scenario.nodes.map((entry) =>
    buildStateNode({ ...entry, pods: entry.pods.filter(isLive), marked: false }),
  );
  const staying = nodes.filter(({ markedForDeletion }) => !markedForDeletion);
  const ignored: Record<string, string> = {};
  const volumes = new VolumeBook(scenario.storage);
  const waiting = scenario.pods.filter((pod) => {
    const why = leftOut(pod, wellKnownLabels) ?? lookupFailure(pod, volumes);
    if (why !== undefined) ignored[keyOf(pod)] = why;
    return why === undefined;
  });
  return {
    problem: {
      pods: [...waiting, ...leavingPods(nodes, scenario)],
      nodePools: poolsOf(scenario, wellKnownLabels),
      nodes: staying.map((node) => nodeInputOf(node, scenario)),
      storage: scenario.storage,
      daemonSets: scenario.daemonSets.map((daemonSet) => ({ daemonSet })),
      wellKnownLabels,
      preferencePolicy: scenario.options.preferencePolicy,
      minValuesPolicy: scenario.options.minValuesPolicy,
      reservedCapacity: scenario.options.featureGates["ReservedCapacity"] === true ? "Strict" : "Off",
      reservationIdLabel: RESERVATION_ID,
      namespaces: scenario.namespaces.map(({ metadata }) => ({
        name: metadata.name ?? "",
        labels: metadata.labels ?? {},
      })),
    },
    ignored,
  };
}

function refuseUnsupported({ action, options }: Scenario): void {
  const refusals: readonly (readonly [boolean, string])[] = [
    [action !== "schedule", `action "${action}"`],
    [options.featureGates["CapacityBuffer"] === true, "feature gate CapacityBuffer"],
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

/** A volume that cannot be reached from anywhere is no failure to look it up: such a pod is asked about and fails. */
function lookupFailure(pod: Pod, volumes: VolumeBook): string | undefined {
  const needs = volumes.needsOf(pod);
  return "reason" in needs && needs.reason === "VolumeLookupFailed" ? needs.detail : undefined;
}

/** All pools count for overlays, those of another class too: they are what conflicts may be about. */
function poolsOf(scenario: Scenario, wellKnown: ReadonlySet<string>): readonly PoolInput[] {
  const listed = scenario.nodePools.map((nodePool) => ({
    nodePool,
    instanceTypes: typesFor(nodePool, scenario.instanceTypes).map(instanceTypeOf),
  }));
  const managed = listed.filter(({ nodePool }) => isManaged(nodePool));
  if (scenario.options.featureGates["NodeOverlay"] !== true) return managed;
  const evaluation = evaluateOverlays(listed, scenario.nodeOverlays, { wellKnown });
  return managed.map((pool) => overlaidPool(pool, evaluation));
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

function nodeInputOf(node: StateNode, { csiNodes }: Scenario): NodeInput {
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

function isLive(pod: Pod): boolean {
  return !isTerminal(pod);
}

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? "default"}/${metadata.name ?? ""}`;
}
