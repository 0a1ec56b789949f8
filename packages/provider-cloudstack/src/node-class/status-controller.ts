// cloudstacknodeclass.status: keeps conditions, findings and fingerprint of each CloudStackNodeClass up to date, and the class alive while claims need it.

import { ConditionSet, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { patchObject, patchObjectStatus } from "@karpenter-multicloud/core/kube";
import type { EventRecorder, Informer, KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { ObserveOnly, onChange } from "@karpenter-multicloud/core/runtime";
import type { Clock, Controller, ReconcileResult } from "@karpenter-multicloud/core/runtime";
import { minutes, seconds } from "@karpenter-multicloud/core/units";

import { CLOUDSTACK_GROUP, CloudStackAnnotation } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import {
  CLOUDSTACK_NODE_CLASS_CONDITIONS,
  CLOUDSTACK_NODE_CLASS_FINALIZER,
  CloudStackCondition,
  CloudStackNodeClasses,
} from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClass } from "../api/cloudstack-node-class.ts";
import { isOurs } from "../machines/class-view.ts";
import type { Inspection, Inspector } from "./inspection.ts";

export interface StatusControllerParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly inspector: Inspector;
  /** Removes what was made for the class alone. */
  readonly cleanUp: (nodeClass: CloudStackNodeClass, signal: AbortSignal) => Promise<void>;
}

const AGAIN = minutes(1);
const AGAIN_WHILE_BROKEN = seconds(30);
const KEEP_MS = 15 * 60_000;

export function nodeClassStatusController(parts: StatusControllerParts): Controller {
  const classes = parts.cache.informer(CloudStackNodeClasses);
  const claims = parts.cache.informer(NodeClaims);
  const prunes = { isKnown: false };
  const trust = new Trust();
  return {
    name: "cloudstacknodeclass.status",
    triggers: [
      onChange(CloudStackNodeClasses, ({ before, after }) =>
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
      return {
        requeueAfter: (await report(parts, marked, inspection, prunes, trust, signal)) ? AGAIN : AGAIN_WHILE_BROKEN,
      };
    },
  };
}

/** Our own status writes do not count, except one that takes readiness away between two looks. */
function needsLook(before: CloudStackNodeClass | undefined, after: CloudStackNodeClass | undefined): boolean {
  if (after?.metadata.name === undefined) return false;
  if (before === undefined) return true;
  const { generation, deletionTimestamp } = after.metadata;
  if (before.metadata.generation !== generation || before.metadata.deletionTimestamp !== deletionTimestamp) return true;
  return isReady(before) && !isReady(after);
}

function isReady(nodeClass: CloudStackNodeClass): boolean {
  return nodeClass.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/** The class stays while claims refer to it: deleting their machines needs its credentials. */
async function release(
  { kube, events, cleanUp }: StatusControllerParts,
  nodeClass: CloudStackNodeClass,
  claims: Informer<NodeClaim>,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { name, finalizers = [] } = nodeClass.metadata;
  if (!finalizers.includes(CLOUDSTACK_NODE_CLASS_FINALIZER)) return undefined;
  const using = claims.list().filter((claim) => isOurs(claim) && claim.spec.nodeClassRef.name === name);
  if (using.length > 0) {
    const names = using.slice(0, 5).map((claim) => claim.metadata.name ?? "");
    const message = `waiting for ${using.length} NodeClaims that use this class (${names.join(", ")})`;
    events.publish({
      resource: CloudStackNodeClasses,
      object: nodeClass,
      type: "Normal",
      reason: "WaitingOnNodeClaimTermination",
      message,
    });
    return { requeueAfter: minutes(10) };
  }
  await cleanUp(nodeClass, signal);
  const kept = finalizers.filter((finalizer) => finalizer !== CLOUDSTACK_NODE_CLASS_FINALIZER);
  const after = { ...nodeClass, metadata: { ...nodeClass.metadata, finalizers: kept } };
  await patchObject(kube, CloudStackNodeClasses, { before: nodeClass, after }, { lock: true, signal });
  return undefined;
}

async function mark(
  { kube }: StatusControllerParts,
  nodeClass: CloudStackNodeClass,
  signal: AbortSignal,
): Promise<CloudStackNodeClass> {
  const { finalizers = [], annotations } = nodeClass.metadata;
  const after: CloudStackNodeClass = {
    ...nodeClass,
    metadata: {
      ...nodeClass.metadata,
      finalizers: finalizers.includes(CLOUDSTACK_NODE_CLASS_FINALIZER)
        ? finalizers
        : [...finalizers, CLOUDSTACK_NODE_CLASS_FINALIZER],
      annotations: {
        ...annotations,
        [CloudStackAnnotation.NodeClassHash]: nodeClassHash(nodeClass.spec),
        [CloudStackAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
      },
    },
  };
  try {
    return await patchObject(kube, CloudStackNodeClasses, { before: nodeClass, after }, { lock: true, signal });
  } catch (error) {
    // In observe mode the class is looked at all the same: its conditions are what the plan is made from.
    if (error instanceof ObserveOnly) return nodeClass;
    throw error;
  }
}

/** Whether the class is ready. What could not be found out this time keeps its last value. */
async function report(
  { kube, clock, events }: StatusControllerParts,
  nodeClass: CloudStackNodeClass,
  { findings: found, status, remarks }: Inspection,
  prunes: { isKnown: boolean },
  trust: Trust,
  signal: AbortSignal,
): Promise<boolean> {
  const now = clock.now();
  for (const { reason, message } of remarks) {
    events.publish({ resource: CloudStackNodeClasses, object: nodeClass, type: "Warning", reason, message });
  }
  let conditions = ConditionSet.of(nodeClass, CLOUDSTACK_NODE_CLASS_CONDITIONS, now);
  const findings = prunes.isKnown
    ? found.map((each) => (each.type === OUTDATED_CRD.type ? OUTDATED_CRD : each))
    : found;
  for (const { type, status: value, reason, message } of findings) {
    const keep = value === "Unknown" && conditions.is(type, "True") && trust.mayKeep(nodeClass, now);
    conditions = keep ? conditions.refresh(type) : conditions.set(type, value, reason, message);
  }
  for (const { type } of conditions.toList()) {
    if (!findings.some((finding) => finding.type === type) && type !== CLOUDSTACK_NODE_CLASS_CONDITIONS.root) {
      conditions = conditions.refresh(type);
    }
  }
  const withStatus = (): CloudStackNodeClass => ({
    ...nodeClass,
    status: { ...nodeClass.status, ...status, conditions: conditions.toList() },
  });
  const write = (before: CloudStackNodeClass): Promise<CloudStackNodeClass> =>
    patchObjectStatus(kube, CloudStackNodeClasses, { before, after: withStatus() }, { lock: true, signal });
  if (findings.every((finding) => finding.status !== "Unknown")) trust.seen(nodeClass, now);
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

/** How long a class may stay ready while the API does not answer (§5): a management server restarts in minutes. */
class Trust {
  readonly #lastLook = new Map<string, number>();

  seen({ metadata }: CloudStackNodeClass, now: number): void {
    this.#lastLook.set(metadata.uid ?? "", now);
  }

  /** A process that has just started gives it its time too. */
  mayKeep({ metadata }: CloudStackNodeClass, now: number): boolean {
    const uid = metadata.uid ?? "";
    const last = this.#lastLook.get(uid) ?? now;
    this.#lastLook.set(uid, last);
    return now - last < KEEP_MS;
  }
}

/** Another version's definition of the kind cuts off what we write; without it no machine can be ordered. */
const OUTDATED_CRD = {
  type: CloudStackCondition.ServiceOfferingsReady,
  status: "False",
  reason: "OutdatedCRD",
  message: `the CustomResourceDefinition cloudstacknodeclasses.${CLOUDSTACK_GROUP} is of another version and does not keep status.zones: apply the one of this version, with the chart karpenter-crd for example`,
} as const;
