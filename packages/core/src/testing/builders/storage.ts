// Persistent volumes for tests: claims bound to a volume, claims that wait for their pod, and pods that use them.

import { Label } from "../../api/index.ts";
import type {
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
  PodSpec,
  StorageClass,
} from "../../api/index.ts";
import type { StorageInput } from "../../scheduling/index.ts";

export const CSI_DRIVER = "csi.example.com";

export interface VolumeOptions {
  readonly name?: string;
  /** One alternative per zone. Absent: reachable from everywhere. */
  readonly zones?: readonly string[];
  /** Wins over zones. */
  readonly terms?: readonly NodeSelectorTerm[];
  readonly deletionTimestamp?: string;
  readonly spec?: PersistentVolume["spec"];
}

export interface ClaimOptions {
  readonly name?: string;
  readonly namespace?: string;
  /** Of the volume it is bound to. Absent: not bound. */
  readonly volumeName?: string;
  readonly storageClassName?: string;
  /** Whether the binding is complete. @defaultValue true with a volume */
  readonly bound?: boolean;
  readonly phase?: string;
  readonly deletionTimestamp?: string;
}

export interface StorageClassOptions {
  readonly name?: string;
  readonly provisioner?: string;
  readonly volumeBindingMode?: string;
  /** OR-ed terms, each of one key. */
  readonly topologies?: readonly (readonly [key: string, ...values: string[]])[];
}

export function aPersistentVolume(options: VolumeOptions = {}): PersistentVolume {
  const {
    name = "pv-data",
    zones,
    deletionTimestamp,
    spec = { csi: { driver: CSI_DRIVER, volumeHandle: name } },
  } = options;
  const terms =
    options.terms ??
    zones?.map((zone) => ({ matchExpressions: [{ key: Label.Zone, operator: "In", values: [zone] }] }));
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, uid: name, ...(deletionTimestamp && { deletionTimestamp }) },
    spec: { ...spec, ...(terms && { nodeAffinity: { required: { nodeSelectorTerms: terms } } }) },
  };
}

export function aVolumeClaim(options: ClaimOptions = {}): PersistentVolumeClaim {
  const { name = "data", namespace = "default", volumeName, storageClassName, deletionTimestamp } = options;
  const { bound = volumeName !== undefined, phase = bound ? "Bound" : "Pending" } = options;
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name,
      namespace,
      uid: `${namespace}/${name}`,
      ...(bound && { annotations: { "pv.kubernetes.io/bind-completed": "yes" } }),
      ...(deletionTimestamp && { deletionTimestamp }),
    },
    spec: { ...(volumeName && { volumeName }), ...(storageClassName && { storageClassName }) },
    status: { phase },
  };
}

/** Binds late, unless said otherwise. */
export function aStorageClass(options: StorageClassOptions = {}): StorageClass {
  const { name = "late", provisioner = CSI_DRIVER, volumeBindingMode = "WaitForFirstConsumer", topologies } = options;
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name, uid: name },
    provisioner,
    volumeBindingMode,
    ...(topologies && {
      allowedTopologies: topologies.map(([key, ...values]) => ({ matchLabelExpressions: [{ key, values }] })),
    }),
  };
}

export function aStorage(changes: Partial<StorageInput> = {}): StorageInput {
  return { persistentVolumeClaims: [], persistentVolumes: [], storageClasses: [], ...changes };
}

/** A claim and the volume it is bound to, as they stand in a storage of their own. */
export function boundClaim(name: string, volume: Omit<VolumeOptions, "name"> = {}): StorageInput {
  const volumeName = `pv-${name}`;
  return aStorage({
    persistentVolumeClaims: [aVolumeClaim({ name, volumeName })],
    persistentVolumes: [aPersistentVolume({ ...volume, name: volumeName })],
  });
}

export function storageOf(...parts: readonly StorageInput[]): StorageInput {
  return {
    persistentVolumeClaims: parts.flatMap((part) => part.persistentVolumeClaims),
    persistentVolumes: parts.flatMap((part) => part.persistentVolumes),
    storageClasses: parts.flatMap((part) => part.storageClasses),
  };
}

/** For the spec of a pod. */
export function mounting(...claims: readonly string[]): Pick<PodSpec, "volumes"> {
  return {
    volumes: claims.map((claimName, index) => ({ name: `v${index}`, persistentVolumeClaim: { claimName } })),
  };
}
