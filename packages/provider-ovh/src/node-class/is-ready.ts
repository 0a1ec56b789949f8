// Whether machines may be ordered with a class.

import { isConditionTrue, READY } from "@karpenter-multicloud/core/api";

import type { OVHNodeClass } from "../api/ovh-node-class.ts";

export function isReady(nodeClass: OVHNodeClass): boolean {
  return isConditionTrue(nodeClass, READY);
}
