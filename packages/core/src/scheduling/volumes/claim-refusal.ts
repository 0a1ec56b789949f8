// Why a claim keeps its pod from being planned, and what to do about it (S-233). kube-scheduler would not bind such a pod.

import type { PersistentVolumeClaim, StorageClass } from "../../api/index.ts";
import type { PodReason } from "../../reasons/index.ts";
import type { UnsupportedNeed } from "../not-supported.ts";
import { driverOf } from "./driver.ts";
import type { StorageIndex } from "./storage-index.ts";
import type { UsedClaim } from "./used-claims.ts";

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

/** Undefined for a claim that is bound, or that will be bound where its pod goes. */
export function refusalOfClaim(used: UsedClaim, storage: StorageIndex): UnsupportedNeed | undefined {
  const missing = refusalOfMissing(used, storage);
  if (missing !== undefined) return missing;
  const { key } = used;
  const claim = storage.claims.get(key);
  if (claim === undefined) return undefined;
  if (claim.metadata.deletionTimestamp !== undefined) {
    return lookup(`persistent volume claim ${key} is being deleted; create it anew once it is gone`);
  }
  if (claim.status?.phase === "Lost") {
    const volume = claim.spec.volumeName ?? "";
    return lookup(`persistent volume claim ${key} has lost its volume ${volume}; restore the volume or the claim`);
  }
  const refusal = claim.spec.volumeName ? refusalOfBound(claim, key, storage) : refusalOfUnbound(claim, key, storage);
  return refusal ?? refusalOfDriver(claim, key, storage);
}

/**
 * All that keeps a pod back that still runs on a node on its way out: without these, nothing says where its successor may
 * go. What else is wrong is asked of the successor, once there is one; its claim may have been made anew by then.
 */
export function refusalOfMissing({ key, ephemeral }: UsedClaim, storage: StorageIndex): UnsupportedNeed | undefined {
  const claim = storage.claims.get(key);
  if (claim === undefined) {
    const text = `persistent volume claim ${key} does not exist`;
    if (ephemeral !== undefined) return lookup(`${text} yet; it is made for the pod's ephemeral volume ${ephemeral}`);
    return lookup(`${text}; create it, or take the volume off the pod`);
  }
  const { volumeName, storageClassName } = claim.spec;
  if (volumeName) {
    if (storage.volumes.has(volumeName)) return undefined;
    return lookup(
      `persistent volume ${volumeName} of claim ${key} does not exist; restore it or create the claim anew`,
    );
  }
  if (!storageClassName || storage.classes.has(storageClassName)) return undefined;
  return lookup(`storage class ${storageClassName} of persistent volume claim ${key} does not exist; create it`);
}

function refusalOfBound(
  { metadata, spec }: PersistentVolumeClaim,
  key: string,
  { volumes }: StorageIndex,
): UnsupportedNeed | undefined {
  const name = spec.volumeName ?? "";
  if (volumes.get(name)?.metadata.deletionTimestamp !== undefined) {
    return lookup(`persistent volume ${name} of claim ${key} is being deleted; create the claim anew`);
  }
  if (metadata.annotations?.[BIND_COMPLETED] !== undefined) return undefined;
  return lookup(
    `persistent volume claim ${key} is not bound yet to the volume ${name} it names; the pod waits for that`,
  );
}

function refusalOfUnbound(
  { spec }: PersistentVolumeClaim,
  key: string,
  { classes, unsupportedTopologyKeys }: StorageIndex,
): UnsupportedNeed | undefined {
  const name = spec.storageClassName;
  // The API server has put in the default class by now, if there is one.
  if (!name) {
    return lookup(
      `persistent volume claim ${key} is not bound and has no storage class; mark a StorageClass as the default, or create the claim anew with one`,
    );
  }
  const storageClass = classes.get(name);
  if ((storageClass?.volumeBindingMode ?? "Immediate") === "Immediate") {
    const why = `storage class ${name} binds at once (volumeBindingMode Immediate) and has not done so`;
    return lookup(`persistent volume claim ${key} is not bound yet: ${why}; see the claim's events`);
  }
  const strange = topologyKeys(storageClass).find((each) => unsupportedTopologyKeys.has(each));
  if (strange === undefined) return undefined;
  const why = `storage class ${name} of persistent volume claim ${key} allows volumes by ${strange} only`;
  return topology(`${why}, which no machine of this cloud has; use another class`);
}

function refusalOfDriver(
  claim: PersistentVolumeClaim,
  key: string,
  storage: StorageIndex,
): UnsupportedNeed | undefined {
  const driver = driverOf(claim, storage);
  if (driver === undefined || !storage.unsupportedDrivers.has(driver)) return undefined;
  const why = `the machines of this cloud cannot attach volumes of ${driver}`;
  return topology(`${why}, which persistent volume claim ${key} needs; use another storage class`);
}

function topologyKeys(storageClass: StorageClass | undefined): readonly string[] {
  return (storageClass?.allowedTopologies ?? []).flatMap(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.map(({ key }) => key),
  );
}

function lookup(detail: string): UnsupportedNeed {
  return refusal("VolumeLookupFailed", detail);
}

function topology(detail: string): UnsupportedNeed {
  return refusal("VolumeTopology", detail);
}

function refusal(reason: PodReason, detail: string): UnsupportedNeed {
  return { reason, detail };
}
