// Nodes of a scenario: labels, capacity and NodeClaim as the format defaults them from pool and instance type.

import { isObject, listAt, objectAt, oneOf, refuseUnknown } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";
import { Label, nodeClassLabel } from "../../../api/index.ts";
import type { Node, NodePool } from "../../../api/index.ts";
import { allocatableList, filled } from "./default-resources.ts";
import { named, SCENARIO_CLASS } from "./named-object.ts";
import { defaultedClaim } from "./read-claim.ts";
import { readBoundPod } from "./read-pod.ts";
import { ScenarioError } from "../scenario.ts";
import type { ScenarioInstanceType, ScenarioNode } from "../scenario.ts";

export interface NodeContext {
  readonly place: string;
  readonly now: string;
  readonly nodePools: readonly NodePool[];
  readonly types: readonly ScenarioInstanceType[];
  readonly evaluateConditions: boolean;
}

type Labels = Readonly<Record<string, string>>;
type State = ScenarioNode["state"];

const DAY = 24 * 60 * 60 * 1000;

export function readNode(
  raw: JsonObject,
  { place, now, nodePools, types, evaluateConditions }: NodeContext,
): ScenarioNode {
  refuseUnknown(raw, ["state", "node", "nodeClaim", "pods"], place);
  const state = oneOf(raw["state"] || "initialized", ["initialized", "registered", "launched"], `${place}.state`);
  const [nodeJson, claimJson] = [raw["node"], raw["nodeClaim"]];
  if (!isObject(nodeJson) && !isObject(claimJson)) throw new ScenarioError(`${place}: neither node nor nodeClaim`);
  const born = new Date(Date.parse(now) - DAY).toISOString();
  const own = { ...labelsOf(claimJson), ...labelsOf(nodeJson) };
  const pool = nodePools.find(({ metadata }) => metadata.name === own[Label.NodePool]);
  const type = types.find(({ name }) => name === own[Label.InstanceType]);
  const managed = isObject(claimJson) || own[Label.NodePool] !== undefined;
  const defaults = managed ? { ...typeLabels(type), ...poolLabels(pool) } : {};
  const node = isObject(nodeJson) ? defaultedNode(nodeJson, { state, born, managed, defaults, type }) : undefined;
  const claim = isObject(claimJson) ? claimJson : undefined;
  const nodeClaim = managed
    ? defaultedClaim(claim, { state, node, pool, type, born, defaults, evaluateConditions })
    : undefined;
  const pods = listAt(raw["pods"], `${place}.pods`);
  if (pods.length > 0 && node === undefined) throw new ScenarioError(`${place}: pods without a node`);
  return {
    state,
    ...(node && { node }),
    ...(nodeClaim && { nodeClaim }),
    pods: pods.map((pod) => readBoundPod(pod, node?.metadata.name ?? "", born)),
  };
}

interface NodeDefaults {
  readonly state: State;
  readonly born: string;
  readonly managed: boolean;
  readonly defaults: Labels;
  readonly type: ScenarioInstanceType | undefined;
}

function defaultedNode(raw: JsonObject, { state, born, managed, defaults, type }: NodeDefaults): Node {
  const node = named(raw, "Node", false) as Node;
  const name = node.metadata.name ?? "";
  const progress = {
    ...(managed && state !== "launched" && { [Label.Registered]: "true" }),
    ...(managed && state === "initialized" && { [Label.Initialized]: "true" }),
  };
  const labels = { ...defaults, [Label.Hostname]: name, ...progress, ...node.metadata.labels };
  const capacity = filled(node.status?.capacity) ?? type?.capacity;
  const allocatable = filled(node.status?.allocatable) ?? (type && allocatableList(type)) ?? capacity;
  const providerID = node.spec?.providerID ?? `oracle:///${name}`;
  return {
    ...node,
    metadata: { ...node.metadata, labels, creationTimestamp: node.metadata.creationTimestamp ?? born },
    spec: { ...node.spec, ...(managed && { providerID }) },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      ...node.status,
      capacity: capacity ?? allocatable ?? {},
      allocatable: allocatable ?? {},
    },
  };
}

function labelsOf(json: unknown): Labels {
  if (!isObject(json)) return {};
  return objectAt(objectAt(json["metadata"], "metadata")["labels"], "metadata.labels") as Labels;
}

function typeLabels(type: ScenarioInstanceType | undefined): Labels {
  const labels: Record<string, string> = {};
  for (const { key, operator, values = [] } of type?.requirements ?? []) {
    const [only, ...more] = values;
    if (operator === "In" && only !== undefined && more.length === 0) labels[key] = only;
  }
  return labels;
}

function poolLabels(pool: NodePool | undefined): Labels {
  if (pool === undefined) return {};
  const { metadata, spec } = pool.spec.template;
  const classLabel = nodeClassLabel(SCENARIO_CLASS);
  return { ...metadata?.labels, [classLabel]: spec.nodeClassRef.name };
}
