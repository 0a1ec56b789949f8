// Which lists of the built-in kinds merge by key in a strategic patch. A list that is not named here (taints, tolerations) is replaced whole.

import type { Resource } from "../../api/index.ts";

export interface PatchShape {
  readonly fields?: Readonly<Record<string, PatchShape>>;
  /** A list of objects, merged by this field; `fields` are those of its elements. */
  readonly mergeKey?: string;
  /** A list of texts, merged as a set. */
  readonly set?: boolean;
  /** An object that is replaced whole. */
  readonly replace?: boolean;
}

const conditions: PatchShape = { mergeKey: "type" };

const metadata: PatchShape = { fields: { finalizers: { set: true }, ownerReferences: { mergeKey: "uid" } } };

const containers: PatchShape = {
  mergeKey: "name",
  fields: {
    ports: { mergeKey: "containerPort" },
    env: { mergeKey: "name" },
    volumeMounts: { mergeKey: "mountPath" },
    volumeDevices: { mergeKey: "devicePath" },
  },
};

const podSpec: PatchShape = {
  fields: {
    volumes: { mergeKey: "name" },
    containers,
    initContainers: containers,
    ephemeralContainers: containers,
    imagePullSecrets: { mergeKey: "name" },
    hostAliases: { mergeKey: "ip" },
    topologySpreadConstraints: { mergeKey: "topologyKey" },
    schedulingGates: { mergeKey: "name" },
    resourceClaims: { mergeKey: "name" },
  },
};

const workloadSpec: PatchShape = { fields: { template: { fields: { metadata, spec: podSpec } } } };

const SPECS: Readonly<Record<string, PatchShape>> = {
  Pod: podSpec,
  Node: { fields: { podCIDRs: { set: true } } },
  Deployment: workloadSpec,
  ReplicaSet: workloadSpec,
  DaemonSet: workloadSpec,
  StatefulSet: workloadSpec,
  PodDisruptionBudget: { fields: { selector: { replace: true } } },
  CSINode: { fields: { drivers: { mergeKey: "name" } } },
};

const status: PatchShape = {
  fields: {
    conditions,
    addresses: { mergeKey: "type" },
    podIPs: { mergeKey: "ip" },
    hostIPs: { mergeKey: "ip" },
    resourceClaimStatuses: { mergeKey: "name" },
  },
};

export function patchShapeOf({ kind }: Resource): PatchShape {
  return { fields: { metadata, spec: SPECS[kind] ?? {}, status } };
}
