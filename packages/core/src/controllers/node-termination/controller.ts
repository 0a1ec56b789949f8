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
import { ObserveOnly, onChange, type Controller, type ReconcileResult } from "../../runtime/index.ts";
import { milliseconds, minutes, seconds } from "../../units/index.ts";
import { claimsOfMachine, currentClaim, isReadyNode } from "../claims.ts";
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
import { MachineLook } from "./machine-look.ts";
import { observePhase } from "./phases.ts";
import { awaitVolumes, volumeAttachmentsByNode } from "./volumes.ts";

/** An object may have one event in five minutes in the long run; more often, and this would leave nothing for what holds the drain. */
const DEADLINE_TOLD_AGAIN = minutes(30);
const MESSAGE_LIMIT = 300;

interface Parts extends DrainParts {
  readonly look: MachineLook;
}

export function nodeTerminationController(deps: ControllerDeps, queue: EvictionQueue): Controller {
  const nodes = deps.cache.informer(Nodes);
  deps.cache.informer(PodDisruptionBudgets);
  volumeAttachmentsByNode(deps.cache);
  const parts: Parts = {
    look: new MachineLook(deps),
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
        parts.look.forget(name);
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
  parts: Parts,
  node: Node,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const claims = claimsOfMachine(deps.cache, node.spec?.providerID ?? "");
  const claim = claims.length === 1 ? claims[0] : undefined;
  if (claim && !claim.metadata.deletionTimestamp) await deleteClaim(deps, claim, signal);
  if (isReadyNode(node)) parts.look.forget(node.metadata.name ?? "");
  else if (await isMachineGone(parts, node, signal)) {
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
    const instance = await terminateInstance(deps, parts, { node: tainted, claim }, signal);
    if (instance) return instance;
    const current = currentClaim(deps.cache, claim) ?? claim;
    observePhase(deps, current, "instance", getCondition(current, "Drained")?.lastTransitionTime);
  }
  return await release(deps, tainted, signal);
}

/** Nothing of the node goes on while the cloud does not tell: that is not left to the log. */
async function isMachineGone({ look, blocked }: Parts, node: Node, signal: AbortSignal): Promise<boolean> {
  const { name = "" } = node.metadata;
  try {
    return await look.isGone(name, node.spec?.providerID ?? "", signal);
  } catch (error) {
    const since = look.unansweredSince(name);
    const text = `the cloud does not tell whether it has its machine: ${shortText(error)}`;
    if (since !== undefined) blocked.held(node, "cloud", text, toRfc3339(since));
    throw error;
  }
}

/** Events are read by many: only what the error itself says, none of its causes. */
function shortText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_LIMIT);
}

/** D-163: also of a deadline that the claim's own period did not set, such as that of a repair. @throws Error for one that is no time */
function tellDeadline(deps: ControllerDeps, node: Node, claim: NodeClaim | undefined): void {
  const current = currentClaim(deps.cache, claim);
  const deadline = readDeadline(deps, node, current);
  if (!current || deadline === Infinity) return;
  const note = { ...deadlineNote(toRfc3339(deadline)), dedupeFor: DEADLINE_TOLD_AGAIN };
  deps.events.publish({ ...note, resource: Nodes, object: node });
  deps.events.publish({ ...note, resource: NodeClaims, object: current });
}

/** One that is no time is told on the Node: until somebody corrects it, nothing of it goes on. */
function readDeadline(deps: ControllerDeps, node: Node, claim: NodeClaim | undefined): number {
  try {
    return deadlineOf(claim);
  } catch (error) {
    const note = { type: "Warning", reason: "FailedDraining", message: shortText(error) } as const;
    deps.events.publish({ ...note, resource: Nodes, object: node, dedupeFor: DEADLINE_TOLD_AGAIN });
    throw error;
  }
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
  { blocked }: Parts,
  { node, claim }: { readonly node: Node; readonly claim: NodeClaim },
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const current = currentClaim(deps.cache, claim);
  if (!current) return undefined;
  const { providerID = "" } = current.status ?? {};
  // The cloud's turn begins when the volumes are through.
  const since = getCondition(current, "VolumesDetached")?.lastTransitionTime;
  try {
    await deleteMachine(deps, current, signal);
  } catch (error) {
    if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return undefined;
    if (!(error instanceof ObserveOnly))
      blocked.held(node, "cloud", `the cloud does not take its machine ${providerID} back: ${shortText(error)}`, since);
    throw error;
  }
  blocked.held(node, "cloud", `the cloud still has its machine ${providerID}`, since);
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
