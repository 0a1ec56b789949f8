// Registered: has the machine joined the cluster, and does its Node carry what the claim promised? (LC-22 to LC-28)

import {
  DISRUPTED_TAINT,
  hasTaint,
  Label,
  NodeClaims,
  Nodes,
  sameTaint,
  TERMINATION_FINALIZER,
  toOpening,
  UNREGISTERED_TAINT,
  type Node,
  type NodeClaim,
  type OwnerReference,
  type Taint,
} from "../../api/index.ts";
import { keyOf, patchObject } from "../../kube/index.ts";
import type { RegistrationHook } from "../../provider/index.ts";
import type { Duration } from "../../units/index.ts";
import { nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { poolThatOwns, type RegistrationHealth } from "../nodepool-registration-health/registration-health.ts";
import type { PoolBackOff } from "../provisioning/pool-back-off.ts";
import type { Draft, StepResult } from "./draft.ts";

type Deps = Pick<ControllerDeps, "provider" | "kube" | "cache" | "events" | "metrics" | "logger"> & {
  readonly health: RegistrationHealth;
  readonly backOff: PoolBackOff;
};

export async function register(deps: Deps, draft: Draft, signal: AbortSignal): Promise<StepResult> {
  const { conditions } = draft;
  if (conditions.is("Registered", "True") || conditions.is("Registered", "False")) return {};
  const claim = draft.claim;
  // A Node that is being deleted takes no finalizer any more, and would be lost at once.
  const nodes = nodesOfMachine(deps.cache, claim.status?.providerID).filter((each) => !each.metadata.deletionTimestamp);
  const [node, ...others] = nodes;
  if (!node) return notFound(draft);
  if (others.length > 0) {
    // Terminal: two Nodes claim to be this machine, and no one can tell which is right (§0.8).
    draft.setCondition("Registered", "False", "MultipleNodesFound", "Invariant violated, matched multiple nodes");
    return {};
  }
  warnOfMissingTaint(deps, claim, node);
  const hooks = deps.provider.registrationHooks?.() ?? [];
  // The hooks find a Node that carries what the claim promised, and nobody can run on it yet (LC-26).
  const prepared = hooks.length === 0 ? node : await sync(deps, node, synced(node, claim, false), signal);
  if (!prepared) return notFound(draft);
  const pending = await askHooks(hooks, claim, signal);
  if (pending.names.length > 0) {
    draft.setCondition("Registered", "Unknown", "RegistrationHookPending", pending.names.join(", "));
    if (pending.errors.length > 0) throw new AggregateError(pending.errors, pending.errors.map(String).join("; "));
    return pending.requeueAfter === undefined ? {} : { requeueAfter: pending.requeueAfter };
  }
  const agreed = hooks.length === 0 ? claim : withWishesOfHooks(deps, draft);
  if (!(await sync(deps, prepared, synced(prepared, agreed, true), signal))) return notFound(draft);
  tellRegistered(deps, draft, node.metadata.name ?? "");
  return {};
}

/** LC-26: hooks may have changed labels and annotations of the stored claim while they were asked. */
function withWishesOfHooks({ cache }: Pick<Deps, "cache">, { stored, claim }: Draft): NodeClaim {
  const current = cache.informer(NodeClaims).get(keyOf(stored));
  if (!current || current.metadata.uid !== stored.metadata.uid) return claim;
  const labels = { ...claim.metadata.labels, ...current.metadata.labels };
  const annotations = { ...claim.metadata.annotations, ...current.metadata.annotations };
  return { ...claim, metadata: { ...claim.metadata, labels, annotations } };
}

function notFound(draft: Draft): StepResult {
  draft.setCondition("Registered", "Unknown", "NodeNotFound", "Node not registered with cluster");
  return {};
}

/** Undefined when the Node went meanwhile. */
async function sync(
  deps: Pick<Deps, "kube">,
  before: Node,
  after: Node,
  signal: AbortSignal,
): Promise<Node | undefined> {
  const stored = await patchObject(deps.kube, Nodes, { before, after }, { lock: true, signal }).catch(ignoreNotFound);
  return stored ?? undefined;
}

function tellRegistered(deps: Deps, draft: Draft, nodeName: string): void {
  const { status, metadata } = draft.claim;
  draft.addStatus({ nodeName });
  draft.setCondition("Registered", "True");
  const pool = poolThatOwns(deps.cache, draft.stored);
  if (pool) {
    deps.health.record(pool, draft.stored);
    deps.backOff.registered(pool);
  }
  deps.logger.info("registered nodeclaim", {
    NodeClaim: draft.name,
    Node: nodeName,
    "provider-id": status?.providerID,
  });
  deps.metrics.count("karpenter_nodes_created_total", {
    nodepool: metadata.labels?.[Label.NodePool] ?? "",
    zone: metadata.labels?.[Label.Zone] ?? "",
  });
}

/** LC-24: a node that boots without the taint may have taken pods before its labels were right. */
function warnOfMissingTaint(deps: Deps, claim: NodeClaim, node: Node): void {
  if (deps.provider.settings().supportsUnregisteredTaint === false) return;
  if (node.metadata.labels?.[Label.Registered] === "true" || hasTaint(node.spec?.taints, UNREGISTERED_TAINT)) return;
  deps.logger.error("node joined without the unregistered taint", {
    NodeClaim: claim.metadata.name,
    Node: node.metadata.name,
  });
  deps.events.publish({
    resource: NodeClaims,
    object: claim,
    type: "Warning",
    reason: "UnregisteredTaintMissing",
    message: `node ${node.metadata.name} joined without the taint ${UNREGISTERED_TAINT.key}: pods may start on it before its labels and taints are right`,
    dedupeKey: `UnregisteredTaintMissing/${claim.metadata.uid}`,
  });
}

interface PendingHooks {
  /** In the provider's order. */
  readonly names: readonly string[];
  readonly requeueAfter?: Duration;
  readonly errors: readonly unknown[];
}

/** All are asked at once; one that fails is pending too. */
async function askHooks(
  hooks: readonly RegistrationHook[],
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<PendingHooks> {
  const answers = await Promise.allSettled(hooks.map(async (hook) => hook.registered(claim, { signal })));
  const names: string[] = [];
  const waits: Duration[] = [];
  const errors: unknown[] = [];
  for (const [index, answer] of answers.entries()) {
    const wait = answer.status === "fulfilled" ? answer.value.requeueAfter : undefined;
    if (answer.status === "fulfilled" && wait === undefined) continue;
    names.push(hooks[index]?.name ?? "");
    if (wait !== undefined) waits.push(wait);
    if (answer.status === "rejected") errors.push(answer.reason);
  }
  const requeueAfter = waits.toSorted((a, b) => a - b)[0];
  return { names, errors, ...(requeueAfter === undefined ? {} : { requeueAfter }) };
}

/** LC-25, LC-26: the Node as the claim wants it; `final` also says "registered", and only the opening keeps pods off any more. */
function synced(node: Node, claim: NodeClaim, final: boolean): Node {
  const finalizers = node.metadata.finalizers ?? [];
  const labels: Record<string, string> = { ...node.metadata.labels, ...claim.metadata.labels };
  if (final) labels[Label.Registered] = "true";
  const syncTaints = node.metadata.labels?.[Label.DoNotSyncTaints] !== "true";
  const promised = syncTaints ? [...(claim.spec.taints ?? []), ...(claim.spec.startupTaints ?? [])] : [];
  const joined = withTaints(node.spec?.taints ?? [], promised);
  const taints = final ? toOpening(joined) : joined;
  return {
    ...node,
    metadata: {
      ...node.metadata,
      labels,
      annotations: { ...node.metadata.annotations, ...claim.metadata.annotations },
      finalizers: finalizers.includes(TERMINATION_FINALIZER) ? finalizers : [...finalizers, TERMINATION_FINALIZER],
      ownerReferences: withOwner(node.metadata.ownerReferences ?? [], claim),
    },
    spec: { ...node.spec, ...(taints.length > 0 || node.spec?.taints ? { taints } : {}) },
  };
}

function withTaints(present: readonly Taint[], promised: readonly Taint[]): readonly Taint[] {
  const missing = promised.filter((taint) => !hasTaint(present, taint) && !sameTaint(taint, DISRUPTED_TAINT));
  return missing.length === 0 ? present : [...present, ...missing];
}

function withOwner(owners: readonly OwnerReference[], claim: NodeClaim): readonly OwnerReference[] {
  const owner: OwnerReference = {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    name: claim.metadata.name ?? "",
    uid: claim.metadata.uid ?? "",
    blockOwnerDeletion: true,
  };
  return owners.some((o) => o.kind === owner.kind && o.uid === owner.uid) ? owners : [...owners, owner];
}
