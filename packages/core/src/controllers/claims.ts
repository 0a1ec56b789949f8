// Questions about NodeClaims that several controllers ask.

import { isConditionTrue, Label, NodeClaims, Nodes, type Node, type NodeClaim } from "../api/index.ts";
import { keyOf, type Informer, type KubeCache } from "../kube/index.ts";

const BY_POOL = "karpenter.sh/nodepool";
const BY_PROVIDER_ID = "spec.providerID";
const CLAIM_BY_PROVIDER_ID = "status.providerID";

function claimsByPool(cache: KubeCache): Informer<NodeClaim> {
  return cache.informer(NodeClaims, {
    [BY_POOL]: (claim) => listOf(claim.metadata.labels?.[Label.NodePool]),
    [CLAIM_BY_PROVIDER_ID]: (claim) => listOf(claim.status?.providerID),
  });
}

export function claimsOfPool(cache: KubeCache, nodePool: string): readonly NodeClaim[] {
  return claimsByPool(cache).byIndex(BY_POOL, nodePool);
}

export function claimsOfMachine(cache: KubeCache, providerID: string): readonly NodeClaim[] {
  return providerID === "" ? [] : claimsByPool(cache).byIndex(CLAIM_BY_PROVIDER_ID, providerID);
}

export function nodesByProviderID(cache: KubeCache): Informer<Node> {
  return cache.informer(Nodes, { [BY_PROVIDER_ID]: (node) => listOf(node.spec?.providerID) });
}

/** LC-23: an empty providerID matches nothing. */
export function nodesOfMachine(cache: KubeCache, providerID: string | undefined): readonly Node[] {
  return providerID ? nodesByProviderID(cache).byIndex(BY_PROVIDER_ID, providerID) : [];
}

/** The claim as it is now; undefined once it is gone, also when a namesake has taken its place. */
export function currentClaim(cache: KubeCache, claim: NodeClaim | undefined): NodeClaim | undefined {
  const found = claim && cache.informer(NodeClaims).get(keyOf(claim));
  return found?.metadata.uid === claim?.metadata.uid ? found : undefined;
}

export function isDriftedClaim(claim: NodeClaim): boolean {
  return isConditionTrue(claim, "Drifted");
}

export function isReadyNode(node: Node): boolean {
  return isConditionTrue(node, "Ready");
}

/** LC-40: the metric label of how hard the end of a claim may be. */
export function terminationMode(claim: NodeClaim): "graceful" | "forceful" | "eventual" {
  const period = claim.spec.terminationGracePeriod;
  if (period === undefined) return "graceful";
  return /^(0+[smh])+$/.test(period) ? "forceful" : "eventual";
}

/** Labels of the disruption counters (M-4). */
export function disruptionLabels(claim: NodeClaim, reason: string, consolidationPolicy = "") {
  return {
    reason,
    nodepool: claim.metadata.labels?.[Label.NodePool] ?? "",
    capacity_type: claim.metadata.labels?.[Label.CapacityType] ?? "",
    consolidation_policy: consolidationPolicy,
    termination_mode: terminationMode(claim),
  };
}

function listOf(value: string | undefined): readonly string[] {
  return value ? [value] : [];
}
