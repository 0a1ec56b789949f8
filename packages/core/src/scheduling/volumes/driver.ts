// Which CSI driver attaches a claim's volume (S-234).

import type { PersistentVolumeClaim } from "../../api/index.ts";
import type { StorageIndex } from "./storage-index.ts";

const AWS_BLOCK_STORE = "ebs.csi.aws.com";

/** Plugins that once were part of Kubernetes, by the driver that does their work today. */
const CSI_NAMES: ReadonlyMap<string, string> = new Map([
  ["kubernetes.io/aws-ebs", AWS_BLOCK_STORE],
  ["kubernetes.io/azure-disk", "disk.csi.azure.com"],
  ["kubernetes.io/azure-file", "file.csi.azure.com"],
  ["kubernetes.io/cinder", "cinder.csi.openstack.org"],
  ["kubernetes.io/gce-pd", "pd.csi.storage.gke.io"],
  ["kubernetes.io/portworx-volume", "pxd.portworx.com"],
  ["kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"],
]);

/** Undefined when nobody counts its volumes. */
export function driverOf({ spec }: PersistentVolumeClaim, storage: StorageIndex): string | undefined {
  if (!spec.volumeName) return driverOfClass(spec.storageClassName, storage);
  const volume = storage.volumes.get(spec.volumeName)?.spec;
  if (volume?.csi) return volume.csi.driver;
  return volume?.awsElasticBlockStore ? AWS_BLOCK_STORE : undefined;
}

function driverOfClass(name: string | undefined, { classes }: StorageIndex): string | undefined {
  const provisioner = name ? classes.get(name)?.provisioner : undefined;
  return provisioner === undefined ? undefined : (CSI_NAMES.get(provisioner) ?? provisioner);
}
