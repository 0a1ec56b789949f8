// Nodes of a scenario: labels, capacity and NodeClaim as the format defaults them from pool and instance type.

import { isObject, listAt, objectAt, oneOf, refuseUnknown } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";
import { Label, nodeClassLabel } from "../../api/index.ts";
import type { Condition, Node, NodeClaim, NodePool, ResourceList } from "../../api/index.ts";
import { toResourceList } from "../../units/index.ts";
import { instanceTypeOf } from "./instance-type-of.ts";
import { allocatableOf } from "../../scheduling/index.ts";
import { named, SCENARIO_CLASS } from "./named-object.ts";
import { readBoundPod } from "./read-pod.ts";
import { ScenarioError } from "./scenario.ts";
import type { ScenarioInstanceType, ScenarioNode } from "./scenario.ts";

export interface NodeContext {
  readonly place: string;
  readonly now: string;
  readonly nodePools: readonly NodePool[];
  readonly types: readonly ScenarioInstanceType[];
}

type Labels = Readonly<Record<string, string>>;
type State = ScenarioNode["state"];

const DAY = 24 * 60 * 60 * 1000;

export function readNode(raw: JsonObject, { place, now, nodePools, types }: NodeContext): ScenarioNode {
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
  const claim = isObject(claimJson) ? claimJson : { metadata: { name: node?.metadata.name ?? "" } };
  const nodeClaim = managed ? defaultedClaim(claim, { state, node, pool, type, born, defaults }) : undefined;
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

interface ClaimDefaults {
  readonly state: State;
  readonly node: Node | undefined;
  readonly pool: NodePool | undefined;
  readonly type: ScenarioInstanceType | undefined;
  readonly born: string;
  readonly defaults: Labels;
}

const NODE_ONLY: readonly string[] = [Label.Hostname, Label.Registered, Label.Initialized];

function defaultedClaim(raw: JsonObject, { state, node, pool, type, born, defaults }: ClaimDefaults): NodeClaim {
  const name = objectAt(raw["metadata"], "nodeClaim.metadata")["name"] || node?.metadata.name;
  const claim = named(
    { ...raw, metadata: { ...objectAt(raw["metadata"], ""), name } },
    "NodeClaim",
    false,
  ) as NodeClaim;
  const fromNode = Object.entries(node?.metadata.labels ?? {}).filter(([key]) => !NODE_ONLY.includes(key));
  const template = pool?.spec.template.spec;
  const capacity = filled(claim.status?.capacity) ?? node?.status?.capacity ?? type?.capacity;
  const allocatable = filled(claim.status?.allocatable) ?? node?.status?.allocatable ?? (type && allocatableList(type));
  const reached = node === undefined ? [] : state === "initialized" ? ["Registered", "Initialized"] : [];
  const types = ["Launched", ...(node && state === "registered" ? ["Registered"] : reached)];
  const known = claim.status?.conditions ?? [];
  const missing = types.filter((each) => !known.some((condition) => condition.type === each));
  return {
    ...claim,
    metadata: {
      ...claim.metadata,
      labels: { ...defaults, ...Object.fromEntries(fromNode), ...claim.metadata.labels },
      creationTimestamp: claim.metadata.creationTimestamp ?? born,
    },
    spec: {
      nodeClassRef: template?.nodeClassRef ?? SCENARIO_CLASS,
      requirements: template?.requirements ?? [],
      ...(template?.taints && { taints: template.taints }),
      ...(template?.startupTaints && { startupTaints: template.startupTaints }),
      ...(claim.spec as Partial<NodeClaim["spec"]> | undefined),
    },
    status: {
      providerID: node?.spec?.providerID ?? `oracle:///${claim.metadata.name ?? ""}`,
      ...(node?.metadata.name && { nodeName: node.metadata.name }),
      ...claim.status,
      ...(capacity && { capacity }),
      ...(allocatable && { allocatable }),
      conditions: [...known, ...missing.map((each) => isTrue(each, born))],
    },
  };
}

function isTrue(type: string, since: string): Condition {
  return { type, status: "True", reason: type, message: "", lastTransitionTime: since };
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

function allocatableList(type: ScenarioInstanceType): ResourceList {
  return toResourceList(allocatableOf(instanceTypeOf(type)));
}

function filled(list: ResourceList | undefined): ResourceList | undefined {
  return list && Object.keys(list).length > 0 ? list : undefined;
}
