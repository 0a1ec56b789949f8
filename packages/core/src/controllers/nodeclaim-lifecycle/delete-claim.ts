// Deletes exactly this NodeClaim, never a namesake; one that is gone already is fine.

import { NodeClaims, type NodeClaim } from "../../api/index.ts";
import { isConflict, isNotFound, keyOf, type KubeClient } from "../../kube/index.ts";

export async function deleteClaim(
  deps: { readonly kube: KubeClient },
  claim: NodeClaim,
  signal: AbortSignal,
): Promise<void> {
  const { uid } = claim.metadata;
  try {
    await deps.kube.delete(NodeClaims, keyOf(claim), { signal, ...(uid ? { preconditions: { uid } } : {}) });
  } catch (error) {
    // A conflict here means that the uid belongs to another object by now: ours is gone.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
