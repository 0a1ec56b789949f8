// How each kind is addressed on the API server. A KubeClient call names its resource with one of these.

import type {
  CertificateSigningRequest,
  ConfigMap,
  CSINode,
  DaemonSet,
  Deployment,
  KubeEvent,
  Lease,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodTemplateObject,
  ReplicaSet,
  ReplicationController,
  Secret,
  Service,
  StatefulSet,
  StorageClass,
  VolumeAttachment,
} from "./core-types.ts";
import type { KubeObject } from "./meta.ts";
import type { NodeClaim } from "./v1/node-claim.ts";
import type { NodeOverlay } from "./v1/node-overlay.ts";
import type { NodePool } from "./v1/node-pool.ts";
import type { CapacityBuffer } from "./v1beta1/capacity-buffer.ts";

/** One served resource. `T` is only the shape of its objects; nothing of it exists at run time. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Where the status is written, for a kind whose conditions have a place of their own. @defaultValue status */
  readonly statusSubresource?: string;
  /** Never set; carries T. */
  readonly __object?: T;
}

function resource<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced: boolean,
): Resource<T> {
  return { group, version, kind, plural, namespaced };
}

export const Pods = /* @__PURE__ */ resource<Pod>("", "v1", "Pod", "pods", true);
export const Nodes = /* @__PURE__ */ resource<Node>("", "v1", "Node", "nodes", false);
export const Namespaces = /* @__PURE__ */ resource<Namespace>("", "v1", "Namespace", "namespaces", false);
export const ClusterRoleBindings = /* @__PURE__ */ resource<KubeObject>(
  "rbac.authorization.k8s.io",
  "v1",
  "ClusterRoleBinding",
  "clusterrolebindings",
  false,
);
export const Secrets = /* @__PURE__ */ resource<Secret>("", "v1", "Secret", "secrets", true);
export const ConfigMaps = /* @__PURE__ */ resource<ConfigMap>("", "v1", "ConfigMap", "configmaps", true);
export const Events = /* @__PURE__ */ resource<KubeEvent>("", "v1", "Event", "events", true);
export const DaemonSets = /* @__PURE__ */ resource<DaemonSet>("apps", "v1", "DaemonSet", "daemonsets", true);
export const ReplicaSets = /* @__PURE__ */ resource<ReplicaSet>("apps", "v1", "ReplicaSet", "replicasets", true);
export const Deployments = /* @__PURE__ */ resource<Deployment>("apps", "v1", "Deployment", "deployments", true);
export const PodDisruptionBudgets = /* @__PURE__ */ resource<PodDisruptionBudget>(
  "policy",
  "v1",
  "PodDisruptionBudget",
  "poddisruptionbudgets",
  true,
);
export const PersistentVolumeClaims = /* @__PURE__ */ resource<PersistentVolumeClaim>(
  "",
  "v1",
  "PersistentVolumeClaim",
  "persistentvolumeclaims",
  true,
);
export const PersistentVolumes = /* @__PURE__ */ resource<PersistentVolume>(
  "",
  "v1",
  "PersistentVolume",
  "persistentvolumes",
  false,
);
export const StorageClasses = /* @__PURE__ */ resource<StorageClass>(
  "storage.k8s.io",
  "v1",
  "StorageClass",
  "storageclasses",
  false,
);
export const CSINodes = /* @__PURE__ */ resource<CSINode>("storage.k8s.io", "v1", "CSINode", "csinodes", false);
export const Services = /* @__PURE__ */ resource<Service>("", "v1", "Service", "services", true);
export const ReplicationControllers = /* @__PURE__ */ resource<ReplicationController>(
  "",
  "v1",
  "ReplicationController",
  "replicationcontrollers",
  true,
);
export const StatefulSets = /* @__PURE__ */ resource<StatefulSet>("apps", "v1", "StatefulSet", "statefulsets", true);
export const PodTemplates = /* @__PURE__ */ resource<PodTemplateObject>("", "v1", "PodTemplate", "podtemplates", true);
export const Leases = /* @__PURE__ */ resource<Lease>("coordination.k8s.io", "v1", "Lease", "leases", true);
export const VolumeAttachments = /* @__PURE__ */ resource<VolumeAttachment>(
  "storage.k8s.io",
  "v1",
  "VolumeAttachment",
  "volumeattachments",
  false,
);
/** Its status is written where approvals are: what else the status holds is the signer's. */
export const CertificateSigningRequests: Resource<CertificateSigningRequest> = {
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  namespaced: false,
  statusSubresource: "approval",
};
export const NodePools = /* @__PURE__ */ resource<NodePool>("karpenter.sh", "v1", "NodePool", "nodepools", false);
export const NodeClaims = /* @__PURE__ */ resource<NodeClaim>("karpenter.sh", "v1", "NodeClaim", "nodeclaims", false);
export const NodeOverlays = /* @__PURE__ */ resource<NodeOverlay>(
  "karpenter.sh",
  "v1alpha1",
  "NodeOverlay",
  "nodeoverlays",
  false,
);
export const CapacityBuffers = /* @__PURE__ */ resource<CapacityBuffer>(
  "autoscaling.x-k8s.io",
  "v1beta1",
  "CapacityBuffer",
  "capacitybuffers",
  true,
);

/** Kinds that a cluster need not have: without their definition there are simply no objects (RT-13). */
export const OPTIONAL_RESOURCES: readonly Resource[] = [NodeOverlays, CapacityBuffers];

/** `v1` or `group/version`. */
export function apiVersionOf(target: Resource): string {
  return target.group ? `${target.group}/${target.version}` : target.version;
}
