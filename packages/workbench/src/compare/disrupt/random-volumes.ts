// Volumes for some of a scenario's bound pods: bound to the zone of the pod's node, so that the pod may not leave it, or a disk of the node.

import type { Draw } from "../draw.ts";

interface PodJson {
  readonly metadata: { readonly name?: unknown; readonly namespace?: unknown };
  readonly spec: object;
}
interface EntryJson {
  readonly node?: {
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  };
  readonly pods?: readonly PodJson[];
}

const ZONE = "topology.kubernetes.io/zone";
const DRIVER = "csi.example.com";

export function withVolumes(scenario: { readonly nodes: readonly object[] }, draw: Draw): object {
  const pvs: object[] = [];
  const pvcs: object[] = [];
  const nodes = (scenario.nodes as readonly EntryJson[]).map((entry) => ({
    ...entry,
    ...(entry.pods && {
      pods: entry.pods.map((pod) => {
        const zone = entry.node?.metadata.labels[ZONE];
        if (zone === undefined || pod.metadata.namespace === "kube-system" || !draw.happens(0.25)) return pod;
        const claimName = `data-${String(pod.metadata.name)}`;
        const isLocal = draw.happens(0.2);
        pvs.push(isLocal ? localVolume(claimName, entry.node?.metadata.name ?? "") : zonalVolume(claimName, zone));
        pvcs.push({
          metadata: { name: claimName },
          spec: { storageClassName: "zonal", volumeName: `pv-${claimName}` },
        });
        return { ...pod, spec: { ...pod.spec, volumes: [{ name: "data", persistentVolumeClaim: { claimName } }] } };
      }),
    }),
  }));
  return { ...scenario, nodes, pvs, pvcs, storageClasses: [{ metadata: { name: "zonal" }, provisioner: DRIVER }] };
}

function zonalVolume(claimName: string, zone: string): object {
  const term = { matchExpressions: [{ key: ZONE, operator: "In", values: [zone] }] };
  return {
    metadata: { name: `pv-${claimName}` },
    spec: {
      csi: { driver: DRIVER, volumeHandle: claimName },
      nodeAffinity: { required: { nodeSelectorTerms: [term] } },
    },
  };
}

/** DT-52: its data is given up with the node, so the node's name binds nobody. */
function localVolume(claimName: string, node: string): object {
  const term = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] };
  return {
    metadata: { name: `pv-${claimName}` },
    spec: { local: { path: "/data" }, nodeAffinity: { required: { nodeSelectorTerms: [term] } } },
  };
}
