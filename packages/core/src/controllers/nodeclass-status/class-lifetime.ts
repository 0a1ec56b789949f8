// What holds a class in the cluster: a finalizer from its first look on, until no claim needs its credentials any more.

import type { NodeClaim, NodeClass, Resource } from "../../api/index.ts";
import { patchObject, type Informer } from "../../kube/index.ts";
import { ObserveOnly, type ReconcileResult } from "../../runtime/index.ts";
import { minutes, type Duration } from "../../units/index.ts";
import type { StatusPorts } from "./node-class-rules.ts";

/** Removes what was made for the class alone; answers when to ask again where it has to wait. */
export type Leave<T extends NodeClass> = (
  nodeClass: T,
  context: {
    /** No other class stays. */
    readonly isLast: boolean;
    readonly signal: AbortSignal;
  },
) => Promise<Duration | undefined>;

interface Surroundings<T extends NodeClass> {
  readonly claims: Informer<NodeClaim>;
  readonly classes: Informer<T>;
  readonly leave?: Leave<T>;
}

const AGAIN_WHILE_USED = minutes(10);

/** With finalizer and fingerprint; answers the stored class. */
export async function markClass<T extends NodeClass>(
  { kube, resource, rules }: StatusPorts<T>,
  nodeClass: T,
  signal: AbortSignal,
): Promise<T> {
  const { finalizers = [], annotations } = nodeClass.metadata;
  const after: T = {
    ...nodeClass,
    metadata: {
      ...nodeClass.metadata,
      finalizers: finalizers.includes(rules.finalizer) ? finalizers : [...finalizers, rules.finalizer],
      annotations: { ...annotations, ...rules.fingerprint(nodeClass) },
    },
  };
  try {
    return await patchObject(kube, resource, { before: nodeClass, after }, { lock: true, signal });
  } catch (error) {
    // In observe mode the class is looked at all the same: its conditions are what the plan is made from.
    if (error instanceof ObserveOnly) return nodeClass;
    throw error;
  }
}

/** The class stays while claims refer to it: deleting their machines needs its credentials. */
export async function releaseClass<T extends NodeClass>(
  { kube, events, resource, rules }: StatusPorts<T>,
  nodeClass: T,
  { claims, classes, leave }: Surroundings<T>,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { name, finalizers = [] } = nodeClass.metadata;
  if (!finalizers.includes(rules.finalizer)) return undefined;
  const using = claims.list().filter((claim) => isOf(resource, claim) && claim.spec.nodeClassRef.name === name);
  if (using.length > 0) {
    const names = using.slice(0, 5).map((claim) => claim.metadata.name ?? "");
    const message = `waiting for ${using.length} NodeClaims that use this class (${names.join(", ")})`;
    events.publish({ resource, object: nodeClass, type: "Normal", reason: "WaitingOnNodeClaimTermination", message });
    return { requeueAfter: AGAIN_WHILE_USED };
  }
  const isLast = classes.list().every(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const requeueAfter = await leave?.(nodeClass, { isLast, signal });
  if (requeueAfter !== undefined) return { requeueAfter };
  const kept = finalizers.filter((finalizer) => finalizer !== rules.finalizer);
  const after: T = { ...nodeClass, metadata: { ...nodeClass.metadata, finalizers: kept } };
  await patchObject(kube, resource, { before: nodeClass, after }, { lock: true, signal });
  return undefined;
}

/** Another provider's claim may name a class that is called the same. */
function isOf({ group, kind }: Resource, { spec }: NodeClaim): boolean {
  return spec.nodeClassRef?.group === group && spec.nodeClassRef.kind === kind;
}
