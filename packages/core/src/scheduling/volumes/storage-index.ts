// The storage objects of one solve, found by name.

import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "../../api/index.ts";
import type { StorageInput } from "../problem.ts";

export interface StorageIndex {
  /** By namespace/name. */
  readonly claims: ReadonlyMap<string, PersistentVolumeClaim>;
  readonly volumes: ReadonlyMap<string, PersistentVolume>;
  readonly classes: ReadonlyMap<string, StorageClass>;
  readonly unsupportedDrivers: ReadonlySet<string>;
  readonly unsupportedTopologyKeys: ReadonlySet<string>;
}

export function indexStorage(storage: StorageInput): StorageIndex {
  return {
    claims: new Map(
      storage.persistentVolumeClaims.map((claim) => [
        `${claim.metadata.namespace ?? "default"}/${claim.metadata.name ?? ""}`,
        claim,
      ]),
    ),
    volumes: new Map(storage.persistentVolumes.map((volume) => [volume.metadata.name ?? "", volume])),
    classes: new Map(storage.storageClasses.map((each) => [each.metadata.name ?? "", each])),
    unsupportedDrivers: new Set(storage.unsupportedProvisioners),
    unsupportedTopologyKeys: new Set(storage.unsupportedTopologyKeys),
  };
}
