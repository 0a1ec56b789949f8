// Whether the cluster lets a machine with a token ask for its certificate, and answers without a person (W-47).

import { ClusterRoleBindings } from "../api/index.ts";
import { isNotFound, KubeError, type KubeReader } from "../kube/index.ts";

/** As `kubeadm init` names them. */
const BINDINGS = [
  "kubeadm:kubelet-bootstrap",
  "kubeadm:node-autoapprove-bootstrap",
  "kubeadm:node-autoapprove-certificate-rotation",
] as const;

/** Names of kubeadm's bindings that do not exist: a warning, since others may give the same rights. Empty when they may not be read. */
export async function missingJoinBindings(
  kube: Pick<KubeReader, "get">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const name of BINDINGS) {
    try {
      await kube.get(ClusterRoleBindings, { name }, { signal });
    } catch (error) {
      if (isNotFound(error)) missing.push(name);
      else if (!(KubeError.is(error) && error.code === 403)) throw error;
    }
  }
  return missing;
}
