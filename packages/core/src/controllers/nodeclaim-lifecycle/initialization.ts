// Initialized: can the node take what it was bought for? (LC-29, LC-30)

import { formatTaint, hasTaint, isEphemeralTaint, Label, Nodes, type Node, type NodeClaim } from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { allocatableFrom, requestsFrom, sortedKeys } from "../../units/index.ts";
import { isReadyNode, nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-gone.ts";
import type { Draft, StepResult } from "./draft.ts";

type Deps = Pick<ControllerDeps, "kube" | "cache" | "logger">;

/** Comes again by the Node's watch; there is nothing to wait for here. */
export async function initialize(deps: Deps, draft: Draft, signal: AbortSignal): Promise<StepResult> {
  const { conditions } = draft;
  if (conditions.is("Initialized", "True") || !conditions.is("Registered", "True")) return {};
  const claim = draft.claim;
  const nodes = nodesOfMachine(deps.cache, claim.status?.providerID);
  const [node] = nodes;
  if (!node || nodes.length > 1) {
    draft.setCondition("Initialized", "Unknown", "NodeNotFound", "Node not registered with cluster");
    return {};
  }
  const missing = missingForInitialization(node, claim);
  if (missing) {
    draft.setCondition("Initialized", "Unknown", missing.reason, missing.message);
    return {};
  }
  if (node.metadata.labels?.[Label.Initialized] !== "true") {
    const body = { metadata: { labels: { [Label.Initialized]: "true" } } };
    if (!(await deps.kube.patch(Nodes, keyOf(node), { type: "merge", body }, { signal }).catch(ignoreNotFound)))
      return {};
  }
  draft.setCondition("Initialized", "True");
  deps.logger.info("initialized nodeclaim", {
    NodeClaim: draft.name,
    Node: node.metadata.name,
    "provider-id": claim.status?.providerID,
    allocatable: node.status?.allocatable,
  });
  return {};
}

/** The first thing that is missing, in Karpenter's order. */
function missingForInitialization(
  node: Node,
  claim: NodeClaim,
): { readonly reason: string; readonly message: string } | undefined {
  const taints = node.spec?.taints ?? [];
  if (!isReadyNode(node)) return { reason: "NodeNotReady", message: `Node status is NotReady` };
  const startup = taints.find((taint) => hasTaint(claim.spec.startupTaints, taint));
  if (startup) return { reason: "StartupTaintsExist", message: `StartupTaint "${formatTaint(startup)}" still exists` };
  const ephemeral = taints.find(isEphemeralTaint);
  if (ephemeral) {
    return {
      reason: "KnownEphemeralTaintsExist",
      message: `KnownEphemeralTaint "${formatTaint(ephemeral)}" still exists`,
    };
  }
  const allocatable = allocatableFrom(node.status?.allocatable);
  const requests = requestsFrom(claim.spec.resources?.requests);
  const absent = sortedKeys(requests).find((resource) => requests[resource] && !allocatable[resource]);
  if (absent)
    return { reason: "ResourceNotRegistered", message: `Resource "${absent}" was requested but not registered` };
  return undefined;
}
