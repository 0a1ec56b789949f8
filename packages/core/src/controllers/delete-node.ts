// Deletes exactly this Node, never a namesake; one that is gone already is fine.

import { Nodes, type Node } from "../api/index.ts";
import { keyOf, type KubeClient } from "../kube/index.ts";
import { ignoreGone } from "./ignore-gone.ts";

export async function deleteNode(
  { kube }: { readonly kube: KubeClient },
  node: Node,
  signal: AbortSignal,
): Promise<void> {
  const { uid } = node.metadata;
  const options = { signal, ...(uid ? { preconditions: { uid } } : {}) };
  await kube.delete(Nodes, keyOf(node), options).catch(ignoreGone);
}
