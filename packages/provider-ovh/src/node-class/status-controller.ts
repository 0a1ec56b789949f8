// ovhnodeclass.status: keeps conditions, findings and fingerprint of each OVHNodeClass up to date, and the class alive while claims need it.

import { ConditionSet, NodeClaims, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { patchObject, patchObjectStatus } from "@karpenter-multicloud/core/kube";
import type { EventRecorder, Informer, KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { ProviderError } from "@karpenter-multicloud/core/provider";
import { ObserveOnly, onChange } from "@karpenter-multicloud/core/runtime";
import type { Clock, Controller, ReconcileResult } from "@karpenter-multicloud/core/runtime";
import { minutes, seconds } from "@karpenter-multicloud/core/units";

import { OVH_GROUP, OvhAnnotation } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import {
  OVH_NODE_CLASS_CONDITIONS,
  OVH_NODE_CLASS_FINALIZER,
  OvhCondition,
  OVHNodeClasses,
} from "../api/ovh-node-class.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import { toProviderError } from "../client/failure-kind.ts";
import { isOurs } from "./cluster-access.ts";
import type { Inspection, Inspector } from "./inspection.ts";
import { isReady } from "./is-ready.ts";

export interface StatusControllerParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly inspector: Inspector;
  /** Gives empty pools back before the last class goes, and answers those that still hold machines. */
  readonly leave: (signal: AbortSignal) => Promise<readonly string[]>;
}

const AGAIN = minutes(5);
const AGAIN_WHILE_BROKEN = seconds(30);
const AGAIN_WHILE_LEAVING = seconds(10);
/** Without a class nobody can reach the cloud any more; machines that no claim has are collected within this. */
const LEAVING_LIMIT = minutes(15);
const PASSING: ReadonlySet<string> = new Set(["PROVIDER_TRANSIENT", "PROVIDER_RATE_LIMITED"]);

export function nodeClassStatusController(parts: StatusControllerParts): Controller {
  const classes = parts.cache.informer(OVHNodeClasses);
  const claims = parts.cache.informer(NodeClaims);
  const prunes = { isKnown: false };
  return {
    name: "ovhnodeclass.status",
    triggers: [
      onChange(OVHNodeClasses, ({ before, after }) => (needsLook(before, after) ? [after?.metadata.name ?? ""] : [])),
      onChange(NodeClaims, ({ before, after }) => {
        const name = before?.spec.nodeClassRef.name;
        return after === undefined && name !== undefined ? [name] : [];
      }),
    ],
    concurrency: 4,
    async reconcile(name, { signal }): Promise<ReconcileResult | undefined> {
      const nodeClass = classes.get({ name });
      if (nodeClass === undefined) return undefined;
      if (nodeClass.metadata.deletionTimestamp !== undefined)
        return release(parts, nodeClass, { claims, classes }, signal);
      const marked = await mark(parts, nodeClass, signal);
      const inspection = await parts.inspector.inspect(marked, signal);
      return { requeueAfter: (await report(parts, marked, inspection, prunes, signal)) ? AGAIN : AGAIN_WHILE_BROKEN };
    },
  };
}

/** Our own status writes do not count, except one that takes readiness away between two looks. */
function needsLook(before: OVHNodeClass | undefined, after: OVHNodeClass | undefined): boolean {
  if (after?.metadata.name === undefined) return false;
  if (before === undefined) return true;
  const { generation, deletionTimestamp } = after.metadata;
  if (before.metadata.generation !== generation || before.metadata.deletionTimestamp !== deletionTimestamp) return true;
  return isReady(before) && !isReady(after);
}

/** The class stays while claims refer to it: deleting their machines needs its credentials. */
async function release(
  parts: StatusControllerParts,
  nodeClass: OVHNodeClass,
  { claims, classes }: { readonly claims: Informer<NodeClaim>; readonly classes: Informer<OVHNodeClass> },
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { kube, events } = parts;
  const { name, finalizers = [] } = nodeClass.metadata;
  if (!finalizers.includes(OVH_NODE_CLASS_FINALIZER)) return undefined;
  const using = claims.list().filter((claim) => isOurs(claim) && claim.spec.nodeClassRef.name === name);
  if (using.length > 0) {
    const names = using.slice(0, 5).map((claim) => claim.metadata.name ?? "");
    const message = `waiting for ${using.length} NodeClaims that use this class (${names.join(", ")})`;
    events.publish({
      resource: OVHNodeClasses,
      object: nodeClass,
      type: "Normal",
      reason: "WaitingOnNodeClaims",
      message,
    });
    return { requeueAfter: minutes(10) };
  }
  const isLast = classes.list().every(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (isLast && (await holdsPools(parts, nodeClass, signal))) return { requeueAfter: AGAIN_WHILE_LEAVING };
  const kept = finalizers.filter((finalizer) => finalizer !== OVH_NODE_CLASS_FINALIZER);
  const after = { ...nodeClass, metadata: { ...nodeClass.metadata, finalizers: kept } };
  await patchObject(kube, OVHNodeClasses, { before: nodeClass, after }, { lock: true, signal });
  return undefined;
}

/** Whether the last class has to wait: not for ever, and not for a cloud that refuses its keys. */
async function holdsPools(
  { clock, events, leave }: StatusControllerParts,
  nodeClass: OVHNodeClass,
  signal: AbortSignal,
): Promise<boolean> {
  const since = Date.parse(nodeClass.metadata.deletionTimestamp ?? "");
  if (!(clock.now() - since < LEAVING_LIMIT)) return false;
  try {
    const pools = await leave(signal);
    if (pools.length === 0) return false;
    const message = `waiting for the last machines of ${pools.slice(0, 5).join(", ")}: without a class nobody could remove them`;
    events.publish({ resource: OVHNodeClasses, object: nodeClass, type: "Normal", reason: "WaitingOnPools", message });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    const failure = toProviderError(error, "looking for empty pools");
    return ProviderError.is(failure) && PASSING.has(failure.code);
  }
}

async function mark(
  { kube }: StatusControllerParts,
  nodeClass: OVHNodeClass,
  signal: AbortSignal,
): Promise<OVHNodeClass> {
  const { finalizers = [], annotations } = nodeClass.metadata;
  const after: OVHNodeClass = {
    ...nodeClass,
    metadata: {
      ...nodeClass.metadata,
      finalizers: finalizers.includes(OVH_NODE_CLASS_FINALIZER)
        ? finalizers
        : [...finalizers, OVH_NODE_CLASS_FINALIZER],
      annotations: {
        ...annotations,
        [OvhAnnotation.NodeClassHash]: nodeClassHash(nodeClass.spec ?? {}),
        [OvhAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
      },
    },
  };
  try {
    return await patchObject(kube, OVHNodeClasses, { before: nodeClass, after }, { lock: true, signal });
  } catch (error) {
    // In observe mode the class is looked at all the same: its conditions are what the plan is made from.
    if (error instanceof ObserveOnly) return nodeClass;
    throw error;
  }
}

/** Whether the class is ready. What could not be found out this time keeps its last value. */
async function report(
  { kube, clock }: StatusControllerParts,
  nodeClass: OVHNodeClass,
  { findings: found, status }: Inspection,
  prunes: { isKnown: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  const now = clock.now();
  let conditions = ConditionSet.of(nodeClass, OVH_NODE_CLASS_CONDITIONS, now);
  const findings = prunes.isKnown
    ? found.map((each) => (each.type === OUTDATED_CRD.type ? OUTDATED_CRD : each))
    : found;
  for (const { type, status: value, reason, message } of findings) {
    const keep = value === "Unknown" && conditions.is(type, "True");
    conditions = keep ? conditions.refresh(type) : conditions.set(type, value, reason, message);
  }
  for (const { type } of conditions.toList()) {
    if (!findings.some((finding) => finding.type === type) && type !== OVH_NODE_CLASS_CONDITIONS.root) {
      conditions = conditions.refresh(type);
    }
  }
  const withStatus = (): OVHNodeClass => ({
    ...nodeClass,
    status: { ...nodeClass.status, ...status, lastSyncTime: toRfc3339(now), conditions: conditions.toList() },
  });
  const write = (before: OVHNodeClass): Promise<OVHNodeClass> =>
    patchObjectStatus(kube, OVHNodeClasses, { before, after: withStatus() }, { lock: true, signal });
  const stored = await write(nodeClass);
  const wasKnown = prunes.isKnown;
  prunes.isKnown = status.zones !== undefined && stored.status?.zones === undefined;
  if (prunes.isKnown && !wasKnown) {
    const { type, status: value, reason, message } = OUTDATED_CRD;
    conditions = conditions.set(type, value, reason, message);
    await write(stored);
  }
  return conditions.root?.status === "True";
}

/** Another version's definition of the kind cuts off what we write; without it no machine can be ordered. */
const OUTDATED_CRD = {
  type: OvhCondition.ZonesReady,
  status: "False",
  reason: "OutdatedCRD",
  message: `the CustomResourceDefinition ovhnodeclasses.${OVH_GROUP} is of another version and does not keep status.zones: apply the one of this version, with the chart karpenter-crd for example`,
} as const;
