// node.termination: a deleted Node is tainted, drained, rid of its volumes, its machine given back, and only then forgotten (D-160 to D-182).

import {
  DISRUPTED_TAINT,
  getCondition,
  Label,
  nodeClassLabel,
  NodeClaims,
  Nodes,
  PodDisruptionBudgets,
  sameTaint,
  TERMINATION_FINALIZER,
  toRfc3339,
  type Node,
  type NodeClaim,
} from "../../api/index.ts";
import { keyOf, patchObject } from "../../kube/index.ts";
import { hasCode } from "../../provider/index.ts";
import { onChange, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import { milliseconds, seconds } from "../../units/index.ts";
import { claimsOfMachine, isReadyNode } from "../claims.ts";
import { deleteMachine } from "../cloud-writes.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { markInstanceTerminating } from "../nodeclaim-lifecycle/finalization.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";
import { BlockedDrains } from "./blocked-drains.ts";
import { deadlineNote, deadlineOf } from "./deadline.ts";
import { drainNode, type DrainParts } from "./drain-node.ts";
import type { EvictionQueue } from "./eviction-queue.ts";
import { GrowingInterval } from "./growing-interval.ts";
import { observePhase } from "./phases.ts";
import { awaitVolumes, volumeAttachmentsByNode } from "./volumes.ts";

export function nodeTerminationController(deps: ControllerDeps, queue: EvictionQueue): Controller {
  const nodes = deps.cache.informer(Nodes);
  deps.cache.informer(PodDisruptionBudgets);
  volumeAttachmentsByNode(deps.cache);
  const parts: DrainParts = {
    queue,
    blocked: new BlockedDrains(deps),
    told: new GrowingInterval(),
    drained: new Map(),
  };
  return {
    name: "node.termination",
    triggers: [onChange(Nodes, ({ after }) => (after && isOurs(deps, after) ? [after.metadata.name ?? ""] : []))],
    concurrency: 100,
    rateLimit: { base: milliseconds(100), max: seconds(10), bucket: { perSecond: 10, burst: 100 } },
    async reconcile(name, { signal }) {
      const node = nodes.get({ name });
      const result = node && isOurs(deps, node) ? await terminate(deps, parts, node, signal) : undefined;
      if (!result) {
        parts.blocked.free(name);
        parts.told.forget(name);
        parts.drained.delete(name);
      }
      return result;
    },
  };
}

function isOurs(deps: ControllerDeps, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  return (
    node.metadata.deletionTimestamp !== undefined &&
    node.metadata.finalizers?.includes(TERMINATION_FINALIZER) === true &&
    deps.provider.supportedNodeClasses().some((groupKind) => labels[nodeClassLabel(groupKind)] !== undefined)
  );
}

async function terminate(
  deps: ControllerDeps,
  parts: DrainParts,
  node: Node,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const claims = claimsOfMachine(deps.cache, node.spec?.providerID ?? "");
  const claim = claims.length === 1 ? claims[0] : undefined;
  if (claim && !claim.metadata.deletionTimestamp) await deleteClaim(deps, claim, signal);
  if (!isReadyNode(node) && (await isMachineGone(deps, node.spec?.providerID ?? "", signal))) {
    // D-163: nothing runs there any more, so there is nothing to drain, claim or no claim.
    return await release(deps, node, signal);
  }
  tellDeadline(deps, node, claim);
  const tainted = await taint(deps, node, signal);
  if (!tainted) return undefined;
  const drained = await drainNode(deps, parts, { node: tainted, claim }, signal);
  if (drained) return drained;
  const attached = await awaitVolumes(deps, parts.blocked, { node: tainted, claim }, signal);
  if (attached) return attached;
  if (claim) {
    const instance = await terminateInstance(deps, claim, signal);
    if (instance) {
      parts.blocked.held(tainted, "cloud", `the cloud still has its machine ${claim.status?.providerID ?? ""}`);
      return instance;
    }
    const current = deps.cache.informer(NodeClaims).get(keyOf(claim)) ?? claim;
    observePhase(deps, current, "instance", getCondition(current, "Drained")?.lastTransitionTime);
  }
  return await release(deps, tainted, signal);
}

/** A node that names no machine cannot be asked for. */
async function isMachineGone(deps: ControllerDeps, providerID: string, signal: AbortSignal): Promise<boolean> {
  if (providerID === "") return false;
  try {
    await deps.provider.get(providerID, { signal });
    return false;
  } catch (error) {
    if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return true;
    throw error;
  }
}

/** D-163: also of a deadline that the claim's own period did not set, such as that of a repair. @throws Error for one that is no time */
function tellDeadline(deps: ControllerDeps, node: Node, claim: NodeClaim | undefined): void {
  const current = claim && deps.cache.informer(NodeClaims).get(keyOf(claim));
  const deadline = deadlineOf(current);
  if (!current || deadline === Infinity) return;
  const note = deadlineNote(toRfc3339(deadline));
  deps.events.publish({ ...note, resource: Nodes, object: node });
  deps.events.publish({ ...note, resource: NodeClaims, object: current });
}

/** D-164: one patch for the taint and the label that takes the node out of load balancers. Undefined: the Node is gone. */
async function taint(deps: ControllerDeps, node: Node, signal: AbortSignal): Promise<Node | undefined> {
  const present = node.spec?.taints ?? [];
  const taints = present.some((t) => sameTaint(t, DISRUPTED_TAINT))
    ? present
    : [...present.filter((t) => t.key !== DISRUPTED_TAINT.key), DISRUPTED_TAINT];
  const labels = { ...node.metadata.labels, [Label.ExcludeFromLoadBalancers]: "karpenter" };
  const wanted = { ...node, metadata: { ...node.metadata, labels }, spec: { ...node.spec, taints } };
  const change = { before: node, after: wanted };
  const stored = await patchObject(deps.kube, Nodes, change, { lock: true, signal }).catch(ignoreNotFound);
  // D-184: also where disruption has tainted it before; then only the label is new.
  if (stored && stored !== node) {
    const { key, effect } = DISRUPTED_TAINT;
    const fields = { "taint.Key": key, "taint.Value": "", "taint.Effect": effect };
    deps.logger.info("tainted node", { Node: node.metadata.name, ...fields });
  }
  return stored ?? undefined;
}

/** D-179: the Node outlives its machine until the cloud says that it is gone. */
async function terminateInstance(
  deps: ControllerDeps,
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const current = deps.cache.informer(NodeClaims).get(keyOf(claim));
  if (!current) return undefined;
  try {
    await deleteMachine(deps, current, signal);
  } catch (error) {
    if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return undefined;
    throw error;
  }
  await markInstanceTerminating(deps, current, signal);
  return { requeueAfter: seconds(5) };
}

async function release(deps: ControllerDeps, node: Node, signal: AbortSignal): Promise<undefined> {
  // A strategic merge leaves the finalizers of others alone; the uid keeps it off a namesake that joined meanwhile.
  const { uid } = node.metadata;
  const body = { metadata: { uid, "$deleteFromPrimitiveList/finalizers": [TERMINATION_FINALIZER] } };
  await deps.kube.patch(Nodes, keyOf(node), { type: "strategic", body }, { signal }).catch(ignoreNotFound);
  const labels = node.metadata.labels ?? {};
  deps.logger.info("deleted node", { Node: node.metadata.name });
  const nodepool = labels[Label.NodePool] ?? "";
  deps.metrics.count("karpenter_nodes_terminated_total", { nodepool, zone: labels[Label.Zone] ?? "" });
  const ending = (deps.clock.now() - Date.parse(node.metadata.deletionTimestamp ?? "")) / 1000;
  if (ending >= 0) deps.metrics.observe("karpenter_nodes_termination_duration_seconds", { nodepool }, ending);
  const age = (deps.clock.now() - Date.parse(node.metadata.creationTimestamp ?? "")) / 1000;
  if (age >= 0) deps.metrics.observe("karpenter_nodes_lifetime_duration_seconds", { nodepool }, age);
  return undefined;
}
