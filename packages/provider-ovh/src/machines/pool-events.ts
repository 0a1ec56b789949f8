// What users are told about pools and machines, as Events on the class or claim concerned.

import { NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { EventRecorder } from "@karpenter-multicloud/core/kube";
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
    if (nodeClass === undefined) return;
    this.#events.publish({
      resource: OVHNodeClasses,
      object: nodeClass,
      type: "Warning",
      reason,
      message,
      dedupeFor: AGAIN_AFTER,
    });
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
