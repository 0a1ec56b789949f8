// Which of the project's clusters we run in (O-70): said by someone, or proven; never guessed, not even when there is only one.

import type { Node } from "@karpenter-multicloud/core/api";

import { kindOf } from "../client/failure-kind.ts";
import type { MksClient } from "../client/mks-client.ts";
import type { WireCluster } from "../client/wire.ts";

export type FoundCluster =
  | { readonly kind: "found"; readonly kubeId: string }
  | { readonly kind: "not-found"; readonly reason: "Detecting" | "Ambiguous"; readonly message: string };

export interface ClusterQuestion {
  readonly mks: MksClient;
  /** Texts in which the address of the cluster we run in stands. */
  readonly addresses: () => Promise<string>;
  readonly nodes: readonly Node[];
  /** From the class or the environment; then nothing is searched. */
  readonly said?: string;
}

const CLUSTER_ANNOTATION = "cluster.x-k8s.io/cluster-name";
const SAY_IT = "set spec.kubeId of the OVHNodeClass or OVH_KUBE_ID";

export async function findCluster(question: ClusterQuestion, signal: AbortSignal): Promise<FoundCluster> {
  if (question.said !== undefined) return { kind: "found", kubeId: question.said };
  const noted = [...new Set(question.nodes.flatMap(clusterIdOf))];
  const [only] = noted;
  if (noted.length > 1)
    return unclear("Ambiguous", `the nodes name ${noted.length} clusters (${noted.join(", ")}): ${SAY_IT}`);
  if (only !== undefined) return { kind: "found", kubeId: only };
  return search(question, signal);
}

/** The cluster id a node was labelled with by MKS. */
export function clusterIdOf(node: Node): readonly string[] {
  const id = node.metadata.annotations?.[CLUSTER_ANNOTATION];
  return id ? [id] : [];
}

async function search({ mks, addresses, nodes }: ClusterQuestion, signal: AbortSignal): Promise<FoundCluster> {
  let clusters: readonly WireCluster[];
  try {
    const ids = await mks.clusterIds(signal);
    clusters = await Promise.all(ids.map((id) => mks.cluster(id, signal)));
  } catch (error) {
    if (kindOf(error) !== "permission") throw error;
    const right = "GET /cloud/project/{serviceName}/kube";
    return unclear("Detecting", `the cluster cannot be found without the right "${right}": grant it, or ${SAY_IT}`);
  }
  const address = await addresses();
  const byAddress = clusters.filter(({ url }) => url !== "" && address.includes(url));
  const proven = byAddress.length > 0 ? byAddress : await owningNodes(mks, clusters, nodes, signal);
  const [match] = proven;
  if (proven.length === 1 && match) return { kind: "found", kubeId: match.id };
  const names = clusters.map(({ name, id }) => `${name} (${id})`).join(", ");
  const what =
    proven.length === 0 ? "no cluster of the project could be recognised as this one" : "several clusters match";
  return unclear("Ambiguous", `${what}: ${SAY_IT}; the project has ${names === "" ? "no clusters" : names}`);
}

async function owningNodes(
  mks: MksClient,
  clusters: readonly WireCluster[],
  nodes: readonly Node[],
  signal: AbortSignal,
): Promise<readonly WireCluster[]> {
  const here = new Set(nodes.flatMap(({ spec }) => (spec?.providerID ? [spec.providerID] : [])));
  if (here.size === 0) return [];
  const owns = await Promise.all(
    clusters.map(async ({ id }) => {
      const pools = await mks.pools(id, signal);
      const lists = await Promise.all(pools.map((pool) => mks.machines(id, pool.id, signal)));
      return lists.flat().some((machine) => here.has(`openstack:///${machine.instanceId}`));
    }),
  );
  return clusters.filter((_, index) => owns[index] === true);
}

function unclear(reason: "Detecting" | "Ambiguous", message: string): FoundCluster {
  return { kind: "not-found", reason, message };
}
