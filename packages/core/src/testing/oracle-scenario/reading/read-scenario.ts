// From JSON to a complete scenario: checks the fields of the format itself and fills in every default.

import type { DaemonSet, Namespace, NodeOverlay, Pod, PodDisruptionBudget } from "../../../api/index.ts";
import { METHODS } from "../../../disruption/index.ts";
import { compareText } from "../../../units/index.ts";
import { readInstanceType } from "./read-instance-type.ts";
import { readNode } from "./read-node.ts";
import { listAt, objectAt, oneOf, refuseUnknown } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";
import { named } from "./named-object.ts";
import { readPendingPod } from "./read-pod.ts";
import { readPool } from "./read-pool.ts";
import { readCsiNodes, readStorage } from "./read-storage.ts";
import { ScenarioError } from "../scenario.ts";
import type { Scenario, ScenarioOptions } from "../scenario.ts";

// prettier-ignore
const FIELDS: readonly string[] = [
  "id", "name", "description", "action", "method", "now", "options", "nodePools", "nodeOverlays", "instanceTypes",
  "nodes", "pods", "daemonSets", "pdbs", "pvs", "pvcs", "storageClasses", "csiNodes", "namespaces", "driftedNodeClaims",
];
// prettier-ignore
const OPTIONS: readonly string[] = [
  "preferencePolicy", "minValuesPolicy", "featureGates", "wellKnownLabels", "evaluateConditions", "concurrency",
  "repeat", "events", "timeoutSeconds",
];
// prettier-ignore
const GATES = [
  "NodeRepair", "ReservedCapacity", "SpotToSpotConsolidation", "NodeOverlay", "StaticCapacity", "CapacityBuffer",
] as const;
const DEFAULT_NOW = "2026-01-01T12:00:00Z";

/** A case file `{"scenario": …}` counts as the scenario in it. ScenarioError for what the format does not allow. */
export function readScenario(json: unknown): Scenario {
  const outer = objectAt(json, "the line");
  const raw = "scenario" in outer ? objectAt(outer["scenario"], "scenario") : outer;
  refuseUnknown(raw, FIELDS, "the scenario");
  const now = typeof raw["now"] === "string" && raw["now"] !== "" ? raw["now"] : DEFAULT_NOW;
  if (Number.isNaN(Date.parse(now))) throw new ScenarioError(`bad now: ${now}`);
  const nodePools = listAt(raw["nodePools"], "nodePools").map((pool, index) => readPool(pool, `nodePools[${index}]`));
  const types = listAt(raw["instanceTypes"], "instanceTypes").map(readInstanceType);
  const options = readOptions(objectAt(raw["options"], "options"));
  const { evaluateConditions } = options;
  const nodes = listAt(raw["nodes"], "nodes").map((entry, index) =>
    readNode(entry, { place: `nodes[${index}]`, now, nodePools, types, evaluateConditions }),
  );
  const scenario: Scenario = {
    ...("id" in raw && { id: raw["id"] }),
    name: typeof raw["name"] === "string" ? raw["name"] : "",
    action: oneOf(raw["action"] || "schedule", ["schedule", "disrupt"], "action"),
    now,
    ...(raw["method"] ? { method: oneOf(raw["method"], METHODS, "method") } : {}),
    options,
    nodePools,
    nodeOverlays: listAt(raw["nodeOverlays"], "nodeOverlays").map(readOverlay),
    instanceTypes: types,
    nodes,
    pods: listAt(raw["pods"], "pods").map((pod, index) => readPendingPod(pod, `pods[${index}]`)),
    daemonSets: listAt(raw["daemonSets"], "daemonSets").map((each) => named(each, "DaemonSet", true) as DaemonSet),
    pdbs: listAt(raw["pdbs"], "pdbs").map((each) => named(each, "PodDisruptionBudget", true) as PodDisruptionBudget),
    storage: readStorage(raw),
    csiNodes: readCsiNodes(raw),
    driftedNodeClaims: objectAt(raw["driftedNodeClaims"], "driftedNodeClaims") as Readonly<Record<string, string>>,
    namespaces: listAt(raw["namespaces"], "namespaces").map((each) => named(each, "Namespace", false) as Namespace),
  };
  refuseTwins(scenario);
  return { ...scenario, namespaces: withMissingNamespaces(scenario) };
}

function readOptions(raw: JsonObject): ScenarioOptions {
  refuseUnknown(raw, OPTIONS, "options");
  const gates = objectAt(raw["featureGates"], "options.featureGates");
  for (const gate of Object.keys(gates)) oneOf(gate, GATES, "feature gate");
  const wellKnown = Array.isArray(raw["wellKnownLabels"]) ? raw["wellKnownLabels"] : [];
  return {
    preferencePolicy: oneOf(raw["preferencePolicy"] || "Respect", ["Respect", "Ignore"], "preferencePolicy"),
    minValuesPolicy: oneOf(raw["minValuesPolicy"] || "Strict", ["Strict", "BestEffort"], "minValuesPolicy"),
    featureGates: { ReservedCapacity: true, ...(gates as Readonly<Record<string, boolean>>) },
    wellKnownLabels: wellKnown.map(String),
    evaluateConditions: raw["evaluateConditions"] === true,
  };
}

function readOverlay(raw: JsonObject, index: number): NodeOverlay {
  const overlay = named(raw, "NodeOverlay", false) as NodeOverlay;
  const spec = objectAt(raw["spec"], `nodeOverlays[${index}].spec`) as Partial<NodeOverlay["spec"]>;
  return { ...overlay, spec: { ...spec, requirements: spec.requirements ?? [] } };
}

function refuseTwins({ nodePools, instanceTypes, nodes, pods }: Scenario): void {
  const keyOf = ({ metadata }: Pod): string => `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
  const groups: readonly (readonly [string, readonly string[]])[] = [
    ["NodePools", nodePools.map(({ metadata }) => metadata.name ?? "")],
    ["instance types", instanceTypes.map(({ name }) => name)],
    ["nodes", nodes.map(({ node, nodeClaim }) => (node ?? nodeClaim)?.metadata.name ?? "")],
    ["pods", [...pods, ...nodes.flatMap((entry) => entry.pods)].map(keyOf)],
  ];
  for (const [kind, names] of groups) {
    const seen = new Set<string>();
    const twin = names.find((name) => seen.size === seen.add(name).size);
    if (twin !== undefined) throw new ScenarioError(`two ${kind} are named "${twin}"`);
  }
}

function withMissingNamespaces({ namespaces, pods, nodes }: Scenario): readonly Namespace[] {
  const known = new Set(namespaces.map(({ metadata }) => metadata.name));
  const used = [...pods, ...nodes.flatMap((entry) => entry.pods)].map(
    ({ metadata }) => metadata.namespace ?? "default",
  );
  const missing = [...new Set(used)].filter((name) => !known.has(name)).toSorted(compareText);
  return [
    ...namespaces,
    ...missing.map((name) => ({ metadata: { name, uid: name, labels: { "kubernetes.io/metadata.name": name } } })),
  ];
}
