// Pictures for tests of the views.

import { aPod } from "@karpenter-multicloud/core/testing";
import type { Decision } from "@karpenter-multicloud/core/decisions";
import type { NodePicture, Picture } from "./picture.ts";

export const EIGHT = Date.UTC(2026, 0, 1, 8);

export function aPicture(given: Partial<Picture> = {}): Picture {
  return {
    now: EIGHT,
    step: "five pods wait",
    nodes: [],
    pendingPods: [],
    boundPods: 0,
    pricePerHour: 0,
    currency: "EUR",
    machines: 0,
    pools: 0,
    decisions: [],
    ...given,
  };
}

export function aNodePicture(given: Partial<NodePicture> = {}): NodePicture {
  return {
    name: "karpenter-b3-32-eu-west-par-a-node-10d4e8",
    instanceType: "b3-32",
    zone: "eu-west-par-a",
    phase: "ready",
    pods: 7,
    cpu: 0.9,
    memory: 0.25,
    pricePerHour: 0.2046,
    ...given,
  };
}

export function aDecision(verdict: string, subject: string, detail: string, secondsAfter = 0): Decision {
  return { at: EIGHT + secondsAfter * 1000, controller: "disruption", verdict, subject, detail };
}

export function pending(count: number): Picture["pendingPods"] {
  return Array.from({ length: count }, (_, index) => aPod({ name: `web-${index + 1}` }));
}
