// One node as decisions about its removal see it. The mirror of the cluster has more; this is what is read.

import type { Node, NodeClaim, Pod } from "../api/index.ts";

export interface DisruptionNode {
  readonly name: string;
  readonly providerID: string;
  readonly node?: Node;
  readonly nodeClaim?: NodeClaim;
  /** Has a NodeClaim. */
  readonly managed: boolean;
  readonly initialized: boolean;
  readonly nodePool?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Bound and not terminal. */
  readonly pods: readonly Pod[];
  /** D-9. */
  readonly markedForDeletion: boolean;
  /** Epoch milliseconds until which it is promised to pods. */
  readonly nominatedUntil?: number;
  /** Epoch milliseconds, as this process saw it (DX-25). */
  readonly lastPodEvent?: number;
}
