// Joins a Node and a NodeClaim into one StateNode: which side each fact is read from.

import {
  Annotation,
  hasTaint,
  isEphemeralTaint,
  Label,
  parseLaunchHint,
  type Node,
  type NodeClaim,
  type Pod,
  type Taint,
} from "../api/index.ts";
import { Requirements, type Normalization } from "../requirements/index.ts";
import type { Resources } from "../units/index.ts";
import { countableResources } from "./countable-resources.ts";
import type { StateNode } from "./state-node.ts";

export interface StateNodeParts {
  readonly node?: Node;
  readonly nodeClaim?: NodeClaim;
  readonly pods: readonly Pod[];
  /** Marked by the process itself (a running command). */
  readonly marked: boolean;
  readonly nominatedUntil?: number;
  readonly lastPodEvent?: number;
  /** The provider's older spellings of what a claim may ask for. */
  readonly normalization?: Normalization;
}

/** One of `node` and `nodeClaim` must be there. */
export function buildStateNode(parts: StateNodeParts): StateNode {
  const { node, nodeClaim } = parts;
  const managed = nodeClaim !== undefined;
  const registered = !managed || node?.metadata.labels?.[Label.Registered] === "true";
  const initialized = !managed || node?.metadata.labels?.[Label.Initialized] === "true";
  // S-216: a node that is not registered is described by its claim.
  const side = managed && !registered ? nodeClaim.metadata : (node ?? nodeClaim)?.metadata;
  const ordered = managed && !nodeClaim.status?.providerID;
  const labels = ordered ? plannedLabels(nodeClaim, parts.normalization) : (side?.labels ?? {});
  const nodePool = labels[Label.NodePool];
  return {
    name: node?.metadata.name ?? nodeClaim?.metadata.name ?? "",
    providerID: node?.spec?.providerID ?? nodeClaim?.status?.providerID ?? "",
    ...(node ? { node } : {}),
    ...(nodeClaim ? { nodeClaim } : {}),
    managed,
    registered,
    initialized,
    ...(nodePool === undefined ? {} : { nodePool }),
    labels,
    annotations: side?.annotations ?? {},
    taints: stateTaints(node, nodeClaim, registered, initialized),
    // A machine that is ordered but not known to the cloud yet holds just what was planned for it (CS-3, ours).
    capacity: {
      ...(ordered ? plannedResources(nodeClaim) : stateResources(node, nodeClaim, initialized, "capacity")),
      nodes: 1,
    },
    allocatable: ordered ? plannedResources(nodeClaim) : stateResources(node, nodeClaim, initialized, "allocatable"),
    pods: parts.pods,
    markedForDeletion: parts.marked || isDeleting(node, nodeClaim),
    ...(parts.nominatedUntil === undefined ? {} : { nominatedUntil: parts.nominatedUntil }),
    ...(parts.lastPodEvent === undefined ? {} : { lastPodEvent: parts.lastPodEvent }),
  };
}

function plannedResources(claim: NodeClaim): Resources {
  return countableResources(claim.spec.resources?.requests);
}

/** What the node will carry for certain: single-valued requirements, and the offering the plan counted on. */
function plannedLabels(claim: NodeClaim, normalization?: Normalization): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const requirement of Requirements.fromSpecs(claim.spec.requirements, normalization)) {
    const only = requirement.single();
    if (only !== undefined) labels[requirement.key] = only;
  }
  const hint = parseLaunchHint(claim.metadata.annotations?.[Annotation.LaunchHint]);
  if (hint) {
    labels[Label.InstanceType] ??= hint.instanceType;
    labels[Label.Zone] ??= hint.zone;
    labels[Label.CapacityType] ??= hint.capacityType;
  }
  return { ...labels, ...claim.metadata.labels };
}

/** D-9 without the in-memory mark. */
function isDeleting(node: Node | undefined, claim: NodeClaim | undefined): boolean {
  if (!claim) return node?.metadata.deletionTimestamp !== undefined;
  const terminating = claim.status?.conditions?.some((c) => c.type === "InstanceTerminating" && c.status === "True");
  return claim.metadata.deletionTimestamp !== undefined || terminating === true;
}

/** S-217: until initialized, taints that a starting node loses by itself do not count. */
function stateTaints(
  node: Node | undefined,
  claim: NodeClaim | undefined,
  registered: boolean,
  initialized: boolean,
): readonly Taint[] {
  const taints = !claim || (registered && node) ? (node?.spec?.taints ?? []) : (claim.spec.taints ?? []);
  if (!claim || initialized) return taints;
  return taints.filter((taint) => !isEphemeralTaint(taint) && !hasTaint(claim.spec.startupTaints, taint));
}

/** S-218: before initialization the claim's estimate fills what the Node does not report yet. */
function stateResources(
  node: Node | undefined,
  claim: NodeClaim | undefined,
  initialized: boolean,
  side: "capacity" | "allocatable",
): Resources {
  const own = countableResources(node?.status?.[side]);
  if (!claim || initialized) return own;
  const merged: Record<string, number> = { ...own };
  for (const [name, amount] of Object.entries(countableResources(claim.status?.[side]))) {
    if (!merged[name]) merged[name] = amount;
  }
  return merged;
}
