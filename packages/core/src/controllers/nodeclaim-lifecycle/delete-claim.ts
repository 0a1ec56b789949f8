// Deletes exactly this NodeClaim, never a namesake; one that is gone already is fine.

import { NodeClaims, type NodeClaim } from "../../api/index.ts";
import { keyOf, type KubeClient } from "../../kube/index.ts";
import { ignoreGone } from "../ignore-gone.ts";

export async function deleteClaim(
  deps: { readonly kube: KubeClient },
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<void> {
  const { uid } = claim.metadata;
  const options = { signal, ...(uid ? { preconditions: { uid } } : {}) };
  await deps.kube.delete(NodeClaims, keyOf(claim), options).catch(ignoreGone);
}
