// One machine as the cluster knows it: Node and NodeClaim joined by providerID.

import type { Node, NodeClaim, Pod, Taint } from "../api/index.ts";
import type { Resources } from "../units/index.ts";

export interface StateNode {
  /** The Node's name, or the NodeClaim's while there is no Node. */
  readonly name: string;
  /** "" for an unmanaged Node without one. */
  readonly providerID: string;
  readonly node?: Node;
  readonly nodeClaim?: NodeClaim;
  /** Has a NodeClaim. */
  readonly managed: boolean;
  /** Node label karpenter.sh/registered; unmanaged nodes always. */
  readonly registered: boolean;
  readonly initialized: boolean;
  readonly nodePool?: string;
  /** From the claim until registered, then from the Node (S-216). */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** As S-217: what is overlooked while the node starts is already left out. */
  readonly taints: readonly Taint[];
  /** As S-218; with the pseudo-resource nodes = 1. */
  readonly capacity: Resources;
  readonly allocatable: Resources;
  /** Bound and not terminal. */
  readonly pods: readonly Pod[];
  /** D-9: marked in memory, claim deleting, InstanceTerminating, or unmanaged Node deleting. */
  readonly markedForDeletion: boolean;
  /** Epoch ms until which it is promised to pods (D-10). */
  readonly nominatedUntil?: number;
  /** Epoch ms, as this process saw it; the claim's status may lack it still (DX-25). */
  readonly lastPodEvent?: number;
}

/** The mirror that decisions are made on. Built from the cache; own writes are seen at once. */
export interface ClusterState {
  /** Initialized first, then by name (S-303). */
  nodes(): readonly StateNode[];
  nodeByProviderID(providerID: string): StateNode | undefined;
  /** Of its Node, or of its claim: what was planned before there was a Node is known by that. */
  nodeByName(name: string): StateNode | undefined;
  /** S-213: what the mirror has never shown yet; empty soon after the start. */
  unlisted(): readonly string[];
  /** S-213, CS-3: empty when decisions may be made, else what is missing, for the log. */
  unsynced(): readonly string[];
  nominate(nodeName: string): void;
  /** Now pods came to this machine, or ended on it. */
  podEvent(providerID: string): void;
  markForDeletion(providerID: string): void;
  unmarkForDeletion(providerID: string): void;
  /** Managed NodePools only (NP-1). */
  isManaged(nodeClassRef: { readonly group: string; readonly kind: string }): boolean;
}
