// One moment of the demo as plain values: what the views draw and the summary adds up.

import type { Pod } from "@karpenter-multicloud/core/api";
import type { Decision } from "@karpenter-multicloud/core/decisions";

export interface NodePicture {
  readonly name: string;
  readonly instanceType: string;
  readonly zone: string;
  /** "ordered", "booting", "ready", "draining". */
  readonly phase: NodePhase;
  readonly pods: number;
  /** Requested share of what can be given out, 0 to 1. */
  readonly cpu: number;
  readonly memory: number;
  /** Undefined while the type is not known. */
  readonly pricePerHour: number | undefined;
}

export type NodePhase = "ordered" | "booting" | "ready" | "draining";

export interface Picture {
  /** Virtual time, epoch ms. */
  readonly now: number;
  readonly step: string;
  readonly nodes: readonly NodePicture[];
  readonly pendingPods: readonly Pod[];
  readonly boundPods: number;
  readonly pricePerHour: number;
  readonly currency: string;
  readonly machines: number;
  readonly pools: number;
  /** Newest last. */
  readonly decisions: readonly Decision[];
}
