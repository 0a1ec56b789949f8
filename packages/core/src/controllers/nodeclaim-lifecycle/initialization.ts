// Initialized: can the node take what it was bought for? (LC-29, LC-30)

import {
  formatTaint,
  hasTaint,
  isEphemeralTaint,
  Label,
  NodeClaims,
  Nodes,
  type Node,
  type NodeClaim,
} from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { allocatableFrom, milliseconds, minutes, requestsFrom, sortedKeys } from "../../units/index.ts";
import { isReadyNode, nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import type { Draft, StepResult } from "./draft.ts";

type Deps = Pick<ControllerDeps, "kube" | "cache" | "logger" | "clock" | "events"> & {
  readonly slowStarts: SlowStarts;
};

/** From the registration on (UX-5). */
const TOLD_AFTER_MINUTES = 10;

/** Claims whose long way to initialization was told of, by UID: once is enough. */
export class SlowStarts {
  readonly #told = new Set<string>();

  isFirst(uid: string): boolean {
    const isFirst = !this.#told.has(uid);
    this.#told.add(uid);
    return isFirst;
  }

  forget(uid: string): void {
    this.#told.delete(uid);
  }
}

/** Comes again by the Node's watch, and once to say that it takes long. */
export async function initialize(deps: Deps, draft: Draft, signal: AbortSignal): Promise<StepResult> {
  const { conditions } = draft;
  if (conditions.is("Initialized", "True") || !conditions.is("Registered", "True")) return {};
  const claim = draft.claim;
  const nodes = nodesOfMachine(deps.cache, claim.status?.providerID);
  const [node] = nodes;
  if (!node || nodes.length > 1) {
    return notInitialized(deps, draft, { reason: "NodeNotFound", message: "Node not registered with cluster" });
  }
  const missing = missingForInitialization(node, claim);
  if (missing) return notInitialized(deps, draft, missing);
  if (node.metadata.labels?.[Label.Initialized] !== "true") {
    // The uid keeps it off a namesake that joined meanwhile (LC-29).
    const body = { metadata: { uid: node.metadata.uid, labels: { [Label.Initialized]: "true" } } };
    if (!(await deps.kube.patch(Nodes, keyOf(node), { type: "merge", body }, { signal }).catch(ignoreNotFound)))
      return {};
  }
  draft.setCondition("Initialized", "True");
  deps.slowStarts.forget(draft.uid);
  deps.logger.info("initialized nodeclaim", {
    NodeClaim: draft.name,
    Node: node.metadata.name,
    "provider-id": claim.status?.providerID,
    allocatable: node.status?.allocatable,
  });
  return {};
}

interface Missing {
  readonly reason: string;
  readonly message: string;
}

function notInitialized(deps: Deps, draft: Draft, { reason, message }: Missing): StepResult {
  draft.setCondition("Initialized", "Unknown", reason, message);
  const { claim, conditions, uid } = draft;
  const registered = Date.parse(conditions.get("Registered")?.lastTransitionTime ?? "");
  const left = registered + minutes(TOLD_AFTER_MINUTES) - deps.clock.now();
  if (left > 0) return { requeueAfter: milliseconds(left) };
  if (!deps.slowStarts.isFirst(uid)) return {};
  deps.events.publish({
    resource: NodeClaims,
    object: claim,
    type: "Warning",
    reason: "InitializationPending",
    message: `not initialized ${TOLD_AFTER_MINUTES} minutes after its node registered: ${reason}: ${message}`,
    dedupeKey: `InitializationPending/${uid}`,
  });
  return {};
}

/** The first thing that is missing, in Karpenter's order. */
function missingForInitialization(node: Node, claim: NodeClaim): Missing | undefined {
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
