// Deletes exactly this Node, never a namesake; one that is gone already is fine.
// A conflict is not: somebody else was quicker, and what is there now must be read again (RT-20).

import { Nodes, type Node } from "../api/index.ts";
import { keyOf, type KubeClient } from "../kube/index.ts";
import { ignoreNotFound } from "./ignore-not-found.ts";

export async function deleteNode(
  { kube }: { readonly kube: KubeClient },
  node: Node,
  signal: AbortSignal,
): Promise<void> {
  const { uid } = node.metadata;
  const options = { signal, ...(uid ? { preconditions: { uid } } : {}) };
  await kube.delete(Nodes, keyOf(node), options).catch(ignoreNotFound);
}
