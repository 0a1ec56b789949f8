// Whether a machine still is what its class asks for (O-65). An absent label or an unknown zone is never drift; an error is never "drifted".

import { fromRfc3339, Label } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";

import { OvhAnnotation } from "./api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "./api/node-class-hash.ts";
import type { OVHNodeClass } from "./api/ovh-node-class.ts";
import type { WireMachine, WirePool } from "./client/wire.ts";

/** Labels arrive late on MKS nodes. */
const LABELS_SETTLE_MS = 5 * 60_000;

/** What the class alone tells; no call is needed for it. */
export function classDrift(claim: NodeClaim, nodeClass: OVHNodeClass): string {
  const { annotations = {} } = claim.metadata;
  const stamped = annotations[OvhAnnotation.NodeClassHash];
  const isComparable =
    annotations[OvhAnnotation.NodeClassHashVersion] === NODE_CLASS_HASH_VERSION && stamped !== undefined;
  return isComparable && stamped !== nodeClassHash(nodeClass.spec ?? {}) ? "NodeClassDrift" : "";
}

export interface Found {
  readonly machine: WireMachine;
  readonly pool: WirePool;
  /** The pool's template still is the one it was made with. */
  readonly isTemplateIntact: boolean;
}

/** In this order; "" when there is none. */
export function machineDrift(claim: NodeClaim, nodeClass: OVHNodeClass, found: Found, now: number): string {
  const { machine, pool, isTemplateIntact } = found;
  if (!["READY", "INSTALLING"].includes(machine.status)) return "";
  const { labels = {} } = claim.metadata;
  if (isSettled(claim, now)) {
    const flavor = labels[Label.InstanceType];
    if (flavor !== undefined && machine.flavor !== "" && flavor !== machine.flavor) return "FlavorDrift";
    const [poolZone] = pool.availabilityZones;
    const zone = labels[Label.Zone];
    if (poolZone !== undefined && zone !== undefined && poolZone !== zone) return "ZoneDrift";
  }
  if (pool.monthlyBilled !== (nodeClass.spec?.monthlyBilled ?? false)) return "BillingDrift";
  if (nodeClass.spec?.driftOnTemplateEdit && !isTemplateIntact) return "PoolTemplateDrift";
  return nodeClass.spec?.driftOnVersion && !machine.isUpToDate ? "VersionDrift" : "";
}

function isSettled(claim: NodeClaim, now: number): boolean {
  const registered = claim.status?.conditions?.find(({ type, status }) => type === "Registered" && status === "True");
  return registered !== undefined && now - fromRfc3339(registered.lastTransitionTime) >= LABELS_SETTLE_MS;
}
