// A server boots: it reads its own user data, as cloud-init does, and registers the Node that comes of it, or none.

import type { Node, ResourceList } from "@karpenter-multicloud/core/api";
import { bootMachine } from "@karpenter-multicloud/core/testing/cloud-init";
import type { Ground } from "./ground.ts";
import { placeLabels, syncTags } from "./cloud-controller.ts";
import type { Server } from "./records.ts";
import { nicsOf } from "./views.ts";

export const UNINITIALIZED_KEY = "node.cloudprovider.kubernetes.io/uninitialized";

export type Booted = { readonly node: Node } | { readonly refused: string };

export async function bootServer(ground: Ground, server: Server): Promise<Booted> {
  const data = server.userData.get("cloud-init");
  if (data === undefined) return { refused: "it has no user data" };
  if (ground.cluster === undefined) return { refused: "there is no cluster to join" };
  const booted = await bootMachine(data.toString("utf8"), {
    machine: {
      name: server.name,
      id: server.id,
      providerIDs: [`scaleway://instance/${server.zone}/${server.id}`],
      capacity: capacityOf(ground, server),
      arch: ground.types.get(server.commercialType)?.arch === "arm64" ? "arm64" : "amd64",
      addresses: addressesOf(ground, server),
    },
    cluster: ground.cluster,
    now: ground.clock.now(),
  });
  return booted.joins ? { node: booted.node } : { refused: booted.reason };
}

/** As the cloud controller manager leaves the Node, for clusters whose Nodes nobody edits later. */
export function initialised(node: Node, server: Server): Node {
  const taints = (node.spec?.taints ?? []).filter(({ key }) => key !== UNINITIALIZED_KEY);
  const labels = { ...node.metadata.labels, ...placeLabels(server), ...syncTags(server.tags).labels };
  return { ...node, metadata: { ...node.metadata, labels }, spec: { ...node.spec, taints } };
}

function capacityOf({ types, switches, blockVolumes, localVolumes }: Ground, server: Server): ResourceList {
  const type = types.get(server.commercialType);
  const rootId = server.disks.get("0")?.volumeId ?? "";
  const disk = blockVolumes.get(rootId)?.size ?? localVolumes.get(rootId)?.size ?? 0;
  const memoryKi = Math.floor(((type?.ramBytes ?? 0) * switches.memoryFactor) / 1024);
  const gpus = switches.gpuPlugin ? (type?.gpu?.count ?? 0) : 0;
  return {
    cpu: String(type?.cpus ?? 0),
    memory: `${memoryKi}Ki`,
    "ephemeral-storage": String(disk),
    ...(gpus > 0 ? { "nvidia.com/gpu": String(gpus) } : {}),
  };
}

/** By hardware address; of the address the mask is not part. */
function addressesOf(ground: Ground, server: Server): Readonly<Record<string, string>> {
  const entries = nicsOf(ground, server).flatMap((nic) =>
    nic.ipIds
      .map((id) => ground.ipamIps.get(id))
      .filter((ip) => ip !== undefined && !ip.isIpv6)
      .map((ip) => [nic.macAddress, (ip?.address ?? "").replace(/\/.*$/, "")] as const),
  );
  return Object.fromEntries(entries);
}
