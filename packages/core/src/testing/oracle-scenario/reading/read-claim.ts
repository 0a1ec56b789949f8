// NodeClaims of a scenario: what one gets from its Node, its pool and its instance type when it does not say it.

import { Label, NodeClaimCondition } from "../../../api/index.ts";
import type { Condition, Node, NodeClaim, NodePool } from "../../../api/index.ts";
import { consolidateAfter } from "../../../disruption/index.ts";
import { allocatableList, filled } from "./default-resources.ts";
import { objectAt } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";
import { named, SCENARIO_CLASS } from "./named-object.ts";
import type { ScenarioInstanceType, ScenarioNode } from "../scenario.ts";

export interface ClaimDefaults {
  readonly state: ScenarioNode["state"];
  readonly node: Node | undefined;
  readonly pool: NodePool | undefined;
  readonly type: ScenarioInstanceType | undefined;
  readonly born: string;
  /** Labels of pool and type. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Drifted and Consolidatable are computed later, so none is assumed. */
  readonly evaluateConditions: boolean;
}

const NODE_ONLY: readonly string[] = [Label.Hostname, Label.Registered, Label.Initialized];

/** Undefined `raw`: the scenario has only the Node. */
export function defaultedClaim(raw: JsonObject | undefined, defaults: ClaimDefaults): NodeClaim {
  const { node, type, born } = defaults;
  const name = objectAt(raw?.["metadata"], "nodeClaim.metadata")["name"] || node?.metadata.name;
  const claim = named(
    { ...raw, metadata: { ...objectAt(raw?.["metadata"], ""), name } },
    "NodeClaim",
    false,
  ) as NodeClaim;
  const fromNode = Object.entries(node?.metadata.labels ?? {}).filter(([key]) => !NODE_ONLY.includes(key));
  const capacity = filled(claim.status?.capacity) ?? node?.status?.capacity ?? type?.capacity;
  const allocatable = filled(claim.status?.allocatable) ?? node?.status?.allocatable ?? (type && allocatableList(type));
  return {
    ...claim,
    metadata: {
      ...claim.metadata,
      labels: { ...defaults.defaults, ...Object.fromEntries(fromNode), ...claim.metadata.labels },
      creationTimestamp: claim.metadata.creationTimestamp ?? born,
    },
    spec: {
      ...specDefaults(defaults.pool, raw !== undefined),
      ...(claim.spec as Partial<NodeClaim["spec"]> | undefined),
    },
    status: {
      providerID: node?.spec?.providerID ?? `oracle:///${claim.metadata.name ?? ""}`,
      ...(node?.metadata.name && { nodeName: node.metadata.name }),
      ...claim.status,
      ...(capacity && { capacity }),
      ...(allocatable && { allocatable }),
      conditions: conditionsOf(claim, defaults),
    },
  };
}

/** A claim that is given says itself when it expires. */
function specDefaults(pool: NodePool | undefined, isGiven: boolean): NodeClaim["spec"] {
  const template = pool?.spec.template.spec;
  return {
    nodeClassRef: template?.nodeClassRef ?? SCENARIO_CLASS,
    requirements: template?.requirements ?? [],
    ...(template?.taints && { taints: template.taints }),
    ...(template?.startupTaints && { startupTaints: template.startupTaints }),
    ...(template?.terminationGracePeriod && { terminationGracePeriod: template.terminationGracePeriod }),
    ...(!isGiven && template?.expireAfter && { expireAfter: template.expireAfter }),
  };
}

function conditionsOf(claim: NodeClaim, defaults: ClaimDefaults): readonly Condition[] {
  const known = claim.status?.conditions ?? [];
  const missing = reached(defaults).filter((each) => !known.some(({ type }) => type === each));
  return [...known, ...missing.map((each) => isTrue(each, defaults.born))];
}

function reached({ state, node, pool, evaluateConditions }: ClaimDefaults): readonly string[] {
  const { Launched, Registered, Initialized, Consolidatable } = NodeClaimCondition;
  if (node === undefined || state === "launched") return [Launched];
  if (state === "registered") return [Launched, Registered];
  const isConsolidated = !evaluateConditions && pool !== undefined && consolidateAfter(pool) !== undefined;
  return [Launched, Registered, Initialized, ...(isConsolidated ? [Consolidatable] : [])];
}

function isTrue(type: string, since: string): Condition {
  return { type, status: "True", reason: type, message: "", lastTransitionTime: since };
}
