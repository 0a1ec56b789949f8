// Deletes exactly this NodeClaim, never a namesake; one that is gone already is fine.
// A conflict is not: somebody else was quicker, and what is there now must be read again (RT-20).

import { NodeClaims, type NodeClaim } from "../../api/index.ts";
import { keyOf, type KubeClient } from "../../kube/index.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

export async function deleteClaim(
  deps: { readonly kube: KubeClient },
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<void> {
  const { uid } = claim.metadata;
  const options = { signal, ...(uid ? { preconditions: { uid } } : {}) };
  await deps.kube.delete(NodeClaims, keyOf(claim), options).catch(ignoreNotFound);
}
