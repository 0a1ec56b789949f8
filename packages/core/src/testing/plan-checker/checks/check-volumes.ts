// Whether each pod's persistent volumes can be used where the plan puts the pod, as kube-scheduler's volume plugins ask.

import { Label } from "../../../api/index.ts";
import type { NodeSelectorTerm, PersistentVolume, PersistentVolumeClaim, Pod } from "../../../api/index.ts";
import type { ProblemInput, StorageInput } from "../../../scheduling/index.ts";
import { asOfToday, keyOfPod, surelyHolds } from "../label-rules.ts";
import type { Expression, LabelsOfPlace } from "../label-rules.ts";
import { labelsAt } from "../place.ts";
import type { Place } from "../place.ts";
import type { ViolatedRule, Violation } from "../violation.ts";

const BOUND = "pv.kubernetes.io/bind-completed";

/** Names of drivers before and after they left Kubernetes' own sources. */
const MOVED_OUT: Readonly<Record<string, string>> = {
  "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
  "kubernetes.io/azure-disk": "disk.csi.azure.com",
  "kubernetes.io/azure-file": "file.csi.azure.com",
  "kubernetes.io/cinder": "cinder.csi.openstack.org",
  "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
  "kubernetes.io/portworx-volume": "pxd.portworx.com",
  "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
};

const NO_STORAGE: StorageInput = { persistentVolumeClaims: [], persistentVolumes: [], storageClasses: [] };

export function checkVolumes(
  place: Place,
  { storage = NO_STORAGE, normalization }: ProblemInput,
): readonly Violation[] {
  const say = (rule: ViolatedRule, detail: string): Violation => ({ rule, place: place.name, detail });
  const reading = { storage, normalization };
  return [
    ...place.placed.flatMap((pod) =>
      claimNames(pod).flatMap((name) => {
        const fault = claimFault(name, storage, pod.spec.nodeName !== undefined);
        if (fault !== undefined) return [say("VolumeClaim", `${keyOfPod(pod)}: ${name} ${fault}`)];
        return place.shapes
          .filter((shape) => !isReachable(name, labelsAt(place, shape), reading))
          .map((shape) => say("VolumeTopology", `${keyOfPod(pod)}: ${name} cannot be reached from ${shape.name}`));
      }),
    ),
    ...attachFaults(place, storage).map((detail) => say("VolumeLimit", detail)),
  ];
}

/** As namespace/name. */
function claimNames({ metadata, spec }: Pod): readonly string[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    const named = volume["persistentVolumeClaim"] as { readonly claimName: string } | undefined;
    const name = named ? named.claimName : volume["ephemeral"] && `${metadata.name ?? ""}-${String(volume["name"])}`;
    return name ? [`${metadata.namespace ?? "default"}/${name as string}`] : [];
  });
}

function claimNamed(name: string, storage: StorageInput): PersistentVolumeClaim | undefined {
  return storage.persistentVolumeClaims.find(
    ({ metadata }) => `${metadata.namespace ?? "default"}/${metadata.name ?? ""}` === name,
  );
}

function volumeOf({ spec }: PersistentVolumeClaim, storage: StorageInput): PersistentVolume | undefined {
  return storage.persistentVolumes.find(({ metadata }) => metadata.name === spec.volumeName);
}

/** Why kube-scheduler would not even look for a node. Of a pod that still runs elsewhere it will ask only the successor. */
function claimFault(name: string, storage: StorageInput, runsElsewhere: boolean): string | undefined {
  const claim = claimNamed(name, storage);
  if (claim === undefined) return "does not exist";
  if (runsElsewhere) return undefined;
  if (claim.metadata.deletionTimestamp !== undefined) return "is being deleted";
  if (claim.status?.phase === "Lost") return "is lost";
  if (claim.spec.volumeName) {
    const volume = volumeOf(claim, storage);
    if (volume === undefined || volume.metadata.deletionTimestamp !== undefined) return "has no volume";
    return claim.metadata.annotations?.[BOUND] === undefined ? "is not bound completely" : undefined;
  }
  const chosen = storage.storageClasses.find(({ metadata }) => metadata.name === claim.spec.storageClassName);
  if (chosen === undefined) return "has no storage class";
  return chosen.volumeBindingMode === "WaitForFirstConsumer" ? undefined : "has to be bound first";
}

interface Reading {
  readonly storage: StorageInput;
  readonly normalization: ProblemInput["normalization"];
}

/** For every value the labels of the machine may take. */
function isReachable(name: string, labels: LabelsOfPlace, { storage, normalization }: Reading): boolean {
  const claim = claimNamed(name, storage);
  if (claim === undefined) return true;
  const holds = (expression: Expression): boolean => {
    const today = asOfToday(expression, normalization);
    return surelyHolds(today, labels(today.key));
  };
  const volume = claim.spec.volumeName ? volumeOf(claim, storage) : undefined;
  const required = volume?.spec.nodeAffinity?.required;
  if (volume !== undefined) {
    return required === undefined || required.nodeSelectorTerms.some((term) => admitsNode(volume, term, holds));
  }
  const chosen = storage.storageClasses.find(({ metadata }) => metadata.name === claim.spec.storageClassName);
  if (!chosen?.allowedTopologies?.length) return true;
  return chosen.allowedTopologies.some(({ matchLabelExpressions = [] }) => {
    const expressions = matchLabelExpressions.map(({ key, values }) => ({ key, operator: "In", values }));
    return expressions.length > 0 && expressions.every(holds);
  });
}

/** A pod that is planned anew leaves behind what lies on the disk of one host. */
function admitsNode(
  { spec }: PersistentVolume,
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  holds: (expression: Expression) => boolean,
): boolean {
  const isOnHost = spec.local !== undefined || spec.hostPath !== undefined;
  if (matchExpressions.length + matchFields.length === 0) return false;
  if (isOnHost) return matchExpressions.filter(({ key }) => key !== Label.Hostname).every(holds);
  return matchFields.length === 0 && matchExpressions.every(holds);
}

/** Only drivers that would get something new to attach. */
function attachFaults({ bound, placed, shapes }: Place, storage: StorageInput): readonly string[] {
  const before = attachedBy(bound, storage);
  const after = attachedBy([...bound, ...placed], storage);
  const grown = [...after].filter(([driver, claims]) => claims.size > (before.get(driver)?.size ?? 0));
  return shapes.flatMap(({ name, volumeLimits = {} }) =>
    grown.flatMap(([driver, { size }]) => {
      const limit = volumeLimits[driver];
      return limit !== undefined && size > limit ? [`${name}: ${size} volumes of ${driver}, ${limit} at most`] : [];
    }),
  );
}

function attachedBy(pods: readonly Pod[], storage: StorageInput): ReadonlyMap<string, ReadonlySet<string>> {
  const byDriver = new Map<string, Set<string>>();
  for (const name of pods.flatMap(claimNames)) {
    const claim = claimNamed(name, storage);
    const driver = claim && driverOfClaim(claim, storage);
    if (driver !== undefined) byDriver.set(driver, (byDriver.get(driver) ?? new Set()).add(name));
  }
  return byDriver;
}

function driverOfClaim(claim: PersistentVolumeClaim, storage: StorageInput): string | undefined {
  if (claim.spec.volumeName) {
    const volume = volumeOf(claim, storage);
    return volume?.spec.csi?.driver ?? (volume?.spec.awsElasticBlockStore && MOVED_OUT["kubernetes.io/aws-ebs"]);
  }
  const chosen = storage.storageClasses.find(({ metadata }) => metadata.name === claim.spec.storageClassName);
  return chosen && (MOVED_OUT[chosen.provisioner] ?? chosen.provisioner);
}
