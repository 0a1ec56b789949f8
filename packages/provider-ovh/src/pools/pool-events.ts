// What users are told about pools and machines, as Events on the class or claim concerned.

import { NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { EventNote, EventRecorder } from "@karpenter-multicloud/core/kube";
import { minutes } from "@karpenter-multicloud/core/units";

import { OVHNodeClasses } from "../api/ovh-node-class.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";

const AGAIN_AFTER = minutes(10);

export class PoolEvents {
  readonly #events: EventRecorder;

  constructor(events: EventRecorder) {
    this.#events = events;
  }

  warn(nodeClass: OVHNodeClass | undefined, reason: string, message: string): void {
    this.#onClass(nodeClass, { type: "Warning", reason, message });
  }

  /** What was done, and is no cause for worry. */
  tell(nodeClass: OVHNodeClass | undefined, reason: string, message: string): void {
    this.#onClass(nodeClass, { type: "Normal", reason, message });
  }

  autoscaleEnabled(nodeClass: OVHNodeClass | undefined, pool: string): void {
    const message = `pool ${pool}: autoscale was turned on by something else; two autoscalers on one pool delete each other's nodes, so it is turned off`;
    this.warn(nodeClass, "PoolAutoscaleEnabled", message);
  }

  #onClass(object: OVHNodeClass | undefined, note: Pick<EventNote, "type" | "reason" | "message">): void {
    if (object === undefined) return;
    this.#events.publish({ resource: OVHNodeClasses, object, ...note, dedupeFor: AGAIN_AFTER });
  }

  warnClaim(claim: NodeClaim, reason: string, message: string): void {
    this.#events.publish({
      resource: NodeClaims,
      object: claim,
      type: "Warning",
      reason,
      message,
      dedupeFor: AGAIN_AFTER,
    });
  }
}
