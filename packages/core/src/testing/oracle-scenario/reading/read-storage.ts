// Persistent volumes, claims, storage classes and attach limits of a scenario, with the defaults of the format.

import type { CSINode, PersistentVolume, PersistentVolumeClaim, StorageClass } from "../../../api/index.ts";
import type { StorageInput } from "../../../scheduling/index.ts";
import { listAt, objectAt } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";
import { named } from "./named-object.ts";

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

export function readStorage(raw: JsonObject): StorageInput {
  return {
    persistentVolumes: listAt(raw["pvs"], "pvs").map(
      (each) => named(each, "PersistentVolume", false) as PersistentVolume,
    ),
    persistentVolumeClaims: listAt(raw["pvcs"], "pvcs").map(readClaim),
    storageClasses: listAt(raw["storageClasses"], "storageClasses").map(readClass),
  };
}

export function readCsiNodes(raw: JsonObject): readonly CSINode[] {
  return listAt(raw["csiNodes"], "csiNodes").map((each) => {
    const csiNode = named(each, "CSINode", false) as CSINode;
    const drivers = listAt(objectAt(each["spec"], "csiNodes.spec")["drivers"], "csiNodes.spec.drivers");
    return { ...csiNode, spec: { drivers: drivers as unknown as CSINode["spec"]["drivers"] } };
  });
}

/** A claim that names its volume and says nothing of its state is bound. */
function readClaim(raw: JsonObject, index: number): PersistentVolumeClaim {
  const claim = named(raw, "PersistentVolumeClaim", true) as PersistentVolumeClaim;
  const spec = objectAt(raw["spec"], `pvcs[${index}].spec`) as PersistentVolumeClaim["spec"];
  if (claim.status?.phase) return { ...claim, spec };
  if (!spec.volumeName) return { ...claim, spec, status: { phase: "Pending" } };
  const annotations = { [BIND_COMPLETED]: "yes", ...claim.metadata.annotations };
  return { ...claim, metadata: { ...claim.metadata, annotations }, spec, status: { phase: "Bound" } };
}

/** No server has filled in when a class binds; Karpenter takes what is not said for late. */
function readClass(raw: JsonObject): StorageClass {
  const storageClass = named(raw, "StorageClass", false) as StorageClass;
  return { ...storageClass, volumeBindingMode: storageClass.volumeBindingMode ?? "WaitForFirstConsumer" };
}
