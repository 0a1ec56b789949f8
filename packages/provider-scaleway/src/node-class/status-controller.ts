// scalewaynodeclass.status: keeps conditions, findings and fingerprint of each ScalewayNodeClass up to date, and the class alive while claims need it.

import { ConditionSet, NodeClaims, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { patchObject, patchObjectStatus } from "@karpenter-multicloud/core/kube";
import type { EventRecorder, Informer, KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { ObserveOnly, onChange } from "@karpenter-multicloud/core/runtime";
import type { Clock, Controller, ReconcileResult } from "@karpenter-multicloud/core/runtime";
import { minutes, seconds } from "@karpenter-multicloud/core/units";

import { SCALEWAY_GROUP, ScalewayAnnotation } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import {
  SCALEWAY_NODE_CLASS_CONDITIONS,
  SCALEWAY_NODE_CLASS_FINALIZER,
  ScalewayCondition,
  ScalewayNodeClasses,
} from "../api/scaleway-node-class.ts";
import type { ScalewayNodeClass } from "../api/scaleway-node-class.ts";
import { isOurs } from "../machines/class-view.ts";
import type { Inspection, Inspector } from "./inspection.ts";

export interface StatusControllerParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly inspector: Inspector;
  /** Removes what was made for the class alone. */
  readonly cleanUp: (nodeClass: ScalewayNodeClass, signal: AbortSignal) => Promise<void>;
}

const AGAIN = minutes(5);
const AGAIN_WHILE_BROKEN = seconds(30);

export function nodeClassStatusController(parts: StatusControllerParts): Controller {
  const classes = parts.cache.informer(ScalewayNodeClasses);
  const claims = parts.cache.informer(NodeClaims);
  const prunes = { isKnown: false };
  return {
    name: "scalewaynodeclass.status",
    triggers: [
      onChange(ScalewayNodeClasses, ({ before, after }) =>
        needsLook(before, after) ? [after?.metadata.name ?? ""] : [],
      ),
      onChange(NodeClaims, ({ before, after }) => {
        const name = before?.spec.nodeClassRef.name;
        return after === undefined && name !== undefined ? [name] : [];
      }),
    ],
    concurrency: 4,
    async reconcile(name, { signal }): Promise<ReconcileResult | undefined> {
      const nodeClass = classes.get({ name });
      if (nodeClass === undefined) return undefined;
      if (nodeClass.metadata.deletionTimestamp !== undefined) return release(parts, nodeClass, claims, signal);
      const marked = await mark(parts, nodeClass, signal);
      const inspection = await parts.inspector.inspect(marked, signal);
      return { requeueAfter: (await report(parts, marked, inspection, prunes, signal)) ? AGAIN : AGAIN_WHILE_BROKEN };
    },
  };
}

/** Our own status writes do not count, except one that takes readiness away between two looks. */
function needsLook(before: ScalewayNodeClass | undefined, after: ScalewayNodeClass | undefined): boolean {
  if (after?.metadata.name === undefined) return false;
  if (before === undefined) return true;
  const { generation, deletionTimestamp } = after.metadata;
  if (before.metadata.generation !== generation || before.metadata.deletionTimestamp !== deletionTimestamp) return true;
  return isReady(before) && !isReady(after);
}

function isReady(nodeClass: ScalewayNodeClass): boolean {
  return nodeClass.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/** The class stays while claims refer to it: deleting their machines needs its credentials. */
async function release(
  { kube, events, cleanUp }: StatusControllerParts,
  nodeClass: ScalewayNodeClass,
  claims: Informer<NodeClaim>,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { name, finalizers = [] } = nodeClass.metadata;
  if (!finalizers.includes(SCALEWAY_NODE_CLASS_FINALIZER)) return undefined;
  const using = claims.list().filter((claim) => isOurs(claim) && claim.spec.nodeClassRef.name === name);
  if (using.length > 0) {
    const names = using.slice(0, 5).map((claim) => claim.metadata.name ?? "");
    const message = `waiting for ${using.length} NodeClaims that use this class (${names.join(", ")})`;
    events.publish({
      resource: ScalewayNodeClasses,
      object: nodeClass,
      type: "Normal",
      reason: "WaitingOnNodeClaimTermination",
      message,
    });
    return { requeueAfter: minutes(10) };
  }
  await cleanUp(nodeClass, signal);
  const kept = finalizers.filter((finalizer) => finalizer !== SCALEWAY_NODE_CLASS_FINALIZER);
  const after = { ...nodeClass, metadata: { ...nodeClass.metadata, finalizers: kept } };
  await patchObject(kube, ScalewayNodeClasses, { before: nodeClass, after }, { lock: true, signal });
  return undefined;
}

async function mark(
  { kube }: StatusControllerParts,
  nodeClass: ScalewayNodeClass,
  signal: AbortSignal,
): Promise<ScalewayNodeClass> {
  const { finalizers = [], annotations } = nodeClass.metadata;
  const after: ScalewayNodeClass = {
    ...nodeClass,
    metadata: {
      ...nodeClass.metadata,
      finalizers: finalizers.includes(SCALEWAY_NODE_CLASS_FINALIZER)
        ? finalizers
        : [...finalizers, SCALEWAY_NODE_CLASS_FINALIZER],
      annotations: {
        ...annotations,
        [ScalewayAnnotation.NodeClassHash]: nodeClassHash(nodeClass.spec ?? {}),
        [ScalewayAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
      },
    },
  };
  try {
    return await patchObject(kube, ScalewayNodeClasses, { before: nodeClass, after }, { lock: true, signal });
  } catch (error) {
    // In observe mode the class is looked at all the same: its conditions are what the plan is made from.
    if (error instanceof ObserveOnly) return nodeClass;
    throw error;
  }
}

/** Whether the class is ready. What could not be found out this time keeps its last value. */
async function report(
  { kube, clock }: StatusControllerParts,
  nodeClass: ScalewayNodeClass,
  { findings: found, status }: Inspection,
  prunes: { isKnown: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  const now = clock.now();
  let conditions = ConditionSet.of(nodeClass, SCALEWAY_NODE_CLASS_CONDITIONS, now);
  const findings = prunes.isKnown
    ? found.map((each) => (each.type === OUTDATED_CRD.type ? OUTDATED_CRD : each))
    : found;
  for (const { type, status: value, reason, message } of findings) {
    const keep = value === "Unknown" && conditions.is(type, "True");
    conditions = keep ? conditions.refresh(type) : conditions.set(type, value, reason, message);
  }
  for (const { type } of conditions.toList()) {
    if (!findings.some((finding) => finding.type === type) && type !== SCALEWAY_NODE_CLASS_CONDITIONS.root) {
      conditions = conditions.refresh(type);
    }
  }
  const withStatus = (): ScalewayNodeClass => ({
    ...nodeClass,
    status: { ...nodeClass.status, ...status, lastSyncTime: toRfc3339(now), conditions: conditions.toList() },
  });
  const write = (before: ScalewayNodeClass): Promise<ScalewayNodeClass> =>
    patchObjectStatus(kube, ScalewayNodeClasses, { before, after: withStatus() }, { lock: true, signal });
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
  type: ScalewayCondition.InstanceTypesReady,
  status: "False",
  reason: "OutdatedCRD",
  message: `the CustomResourceDefinition scalewaynodeclasses.${SCALEWAY_GROUP} is of another version and does not keep status.zones: apply the one of this version, with the chart karpenter-crd for example`,
} as const;
