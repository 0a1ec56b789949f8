// Kubernetes' own kinds as manifests write them: enough of each shape to name a mistake, never so much that a real field is refused.

import {
  ConfigMaps,
  DaemonSets,
  Deployments,
  Namespaces,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  PodTemplates,
  ReplicaSets,
  Secrets,
} from "../resources.ts";
import type { Resource } from "../resources.ts";
import { builtinResources, countOrPercent, labelSelector, unchecked } from "./builtin-parts.ts";
import { podSpec, podTemplate, RESTARTS_ALWAYS, SELECTOR_MATCHES } from "./builtin-pod.ts";
import { anyObject, bool, integer, list, mapOf, object, oneOf, text } from "./builders.ts";
import { objectMetaSchema } from "./object-meta.ts";
import { rule } from "./schema.ts";
import type { Schema } from "./schema.ts";

export interface BuiltinKind {
  readonly resource: Resource;
  readonly schema: Schema;
}

function root(fields: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return {
    type: "object",
    required,
    properties: { apiVersion: text(), kind: text(), metadata: { type: "object" }, ...fields },
  };
}

const status = anyObject();
const int32 = integer({ format: "int32", minimum: 0 });

const rollout = object({
  type: oneOf(["Recreate", "RollingUpdate", "OnDelete"]),
  rollingUpdate: object({ maxUnavailable: countOrPercent, maxSurge: countOrPercent, partition: int32 }),
});

function workload(fields: Readonly<Record<string, Schema>>): Schema {
  return root(
    {
      spec: object(
        { selector: labelSelector, template: podTemplate, minReadySeconds: int32, ...fields },
        { required: ["selector", "template"], rules: [SELECTOR_MATCHES, RESTARTS_ALWAYS] },
      ),
      status,
    },
    ["spec"],
  );
}

const deployment = workload({
  replicas: int32,
  strategy: rollout,
  revisionHistoryLimit: int32,
  paused: bool(),
  progressDeadlineSeconds: int32,
});

const statefulSet = workload({
  replicas: int32,
  serviceName: text(),
  updateStrategy: rollout,
  revisionHistoryLimit: int32,
  podManagementPolicy: oneOf(["OrderedReady", "Parallel"]),
  ...unchecked("volumeClaimTemplates persistentVolumeClaimRetentionPolicy ordinals"),
});

const jobSpec = object(
  {
    template: podTemplate,
    parallelism: int32,
    completions: int32,
    ...unchecked(
      `activeDeadlineSeconds podFailurePolicy successPolicy backoffLimit
backoffLimitPerIndex maxFailedIndexes selector manualSelector ttlSecondsAfterFinished
completionMode suspend podReplacementPolicy managedBy`,
    ),
  },
  { required: ["template"] },
);

const cronJob = root({
  spec: object(
    {
      schedule: text({ minLength: 1 }),
      jobTemplate: object({ metadata: anyObject(), spec: jobSpec }, { required: ["spec"] }),
      ...unchecked("timeZone startingDeadlineSeconds concurrencyPolicy suspend"),
      ...unchecked("successfulJobsHistoryLimit failedJobsHistoryLimit"),
    },
    { required: ["schedule", "jobTemplate"] },
  ),
  status,
});

const ONE_OF_BOTH = rule<{ readonly minAvailable?: unknown; readonly maxUnavailable?: unknown }>(
  "!(has(self.minAvailable) && has(self.maxUnavailable))",
  {
    message: "minAvailable and maxUnavailable cannot be set together",
    check: (self) => self.minAvailable === undefined || self.maxUnavailable === undefined,
  },
);

const podDisruptionBudget = root({
  spec: object(
    {
      selector: labelSelector,
      minAvailable: countOrPercent,
      maxUnavailable: countOrPercent,
      unhealthyPodEvictionPolicy: oneOf(["IfHealthyBudget", "AlwaysAllow"]),
    },
    { rules: [ONE_OF_BOTH] },
  ),
  status,
});

const taint = object(
  {
    key: text({ minLength: 1 }),
    value: text(),
    effect: oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    timeAdded: text({ format: "date-time" }),
  },
  { required: ["effect", "key"] },
);

const node = root({
  spec: object({
    providerID: text(),
    unschedulable: bool(),
    taints: list(taint),
    podCIDR: text(),
    podCIDRs: list(text()),
    ...unchecked("configSource externalID"),
  }),
  status: object({
    capacity: builtinResources,
    allocatable: builtinResources,
    ...unchecked("phase conditions addresses daemonEndpoints nodeInfo images volumesInUse"),
    ...unchecked("volumesAttached config runtimeHandlers features declaredFeatures"),
  }),
});

const BASE64 = "^([A-Za-z0-9+/\\s]{4})*([A-Za-z0-9+/\\s]{2,3}={0,2})?\\s*$";

const secret = root({
  data: mapOf(text({ pattern: BASE64 })),
  stringData: mapOf(text()),
  type: text(),
  immutable: bool(),
});

const configMap = root({ data: mapOf(text()), binaryData: mapOf(text({ pattern: BASE64 })), immutable: bool() });

const serviceAccount = root({
  secrets: list(anyObject()),
  imagePullSecrets: list(object({ name: text() })),
  automountServiceAccountToken: bool(),
});

/** Metadata is checked, the rest is taken as it stands. */
const OPEN: Schema = { ...root({}), "x-kubernetes-preserve-unknown-fields": true };

function other(
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced: boolean,
  schema = OPEN,
): BuiltinKind {
  const resource: Resource = { group, version, kind, plural, namespaced };
  return { resource, schema };
}

/** Names of roles may hold ":" and more. */
const ROLE: Schema = {
  ...root({ metadata: object({ ...objectMetaSchema.properties, name: text({ minLength: 1 }) }) }),
  "x-kubernetes-preserve-unknown-fields": true,
};

const RBAC = "rbac.authorization.k8s.io";
const STORAGE = "storage.k8s.io";
const DRA = "resource.k8s.io";
const ADMISSION = "admissionregistration.k8s.io";

export const BUILTIN_KINDS: readonly BuiltinKind[] = [
  { resource: Pods, schema: root({ spec: podSpec, status }, ["spec"]) },
  { resource: Deployments, schema: deployment },
  { resource: ReplicaSets, schema: workload({ replicas: int32 }) },
  { resource: DaemonSets, schema: workload({ updateStrategy: rollout, revisionHistoryLimit: int32 }) },
  { resource: PodDisruptionBudgets, schema: podDisruptionBudget },
  { resource: Namespaces, schema: root({ spec: object({ finalizers: list(text()) }), status }) },
  { resource: Nodes, schema: node },
  { resource: Secrets, schema: secret },
  { resource: ConfigMaps, schema: configMap },
  other("", "v1", "ServiceAccount", "serviceaccounts", true, serviceAccount),
  other("apps", "v1", "StatefulSet", "statefulsets", true, statefulSet),
  other("batch", "v1", "Job", "jobs", true, root({ spec: jobSpec, status }, ["spec"])),
  other("batch", "v1", "CronJob", "cronjobs", true, cronJob),
  { resource: PodTemplates, schema: root({ template: podTemplate }) },
  other("", "v1", "Service", "services", true),
  other("", "v1", "PersistentVolume", "persistentvolumes", false),
  other("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
  other("", "v1", "ReplicationController", "replicationcontrollers", true),
  other("", "v1", "LimitRange", "limitranges", true),
  other("", "v1", "ResourceQuota", "resourcequotas", true),
  other("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false),
  other(STORAGE, "v1", "StorageClass", "storageclasses", false),
  other(STORAGE, "v1", "CSINode", "csinodes", false),
  other(STORAGE, "v1", "CSIDriver", "csidrivers", false),
  other(STORAGE, "v1", "VolumeAttachment", "volumeattachments", false),
  other("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", false),
  other("coordination.k8s.io", "v1", "Lease", "leases", true),
  other("networking.k8s.io", "v1", "Ingress", "ingresses", true),
  other("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true),
  other("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
  other(RBAC, "v1", "Role", "roles", true, ROLE),
  other(RBAC, "v1", "RoleBinding", "rolebindings", true, ROLE),
  other(RBAC, "v1", "ClusterRole", "clusterroles", false, ROLE),
  other(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", false, ROLE),
  other(DRA, "v1", "DeviceClass", "deviceclasses", false),
  other(DRA, "v1", "ResourceClaim", "resourceclaims", true),
  other(DRA, "v1", "ResourceClaimTemplate", "resourceclaimtemplates", true),
  other(DRA, "v1", "ResourceSlice", "resourceslices", false),
  other(ADMISSION, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false),
  other(ADMISSION, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false),
  other("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false),
];
