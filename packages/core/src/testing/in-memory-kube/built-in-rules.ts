// Rules of the built-in kinds that need only a few: workloads, budgets, events, leases, configuration, storage.

import {
  CertificateSigningRequests,
  ClusterRoleBindings,
  ConfigMaps,
  DaemonSets,
  Deployments,
  Events,
  isJsonObject,
  jsonEqual,
  Leases,
  matchesSelector,
  Namespaces,
  PersistentVolumeClaims,
  PodDisruptionBudgets,
  PodTemplates,
  ReplicaSets,
  ReplicationControllers,
  Secrets,
  Services,
  VolumeAttachments,
  type Resource,
} from "../../api/index.ts";
import { badRequest, refuses, requires, type Problem } from "./answers.ts";
import { canonicalTimes } from "./canonical.ts";
import { copyJson, objectAt, replaceField, setDefault, textAt, type Draft, type Stored } from "./json.ts";
import { kindRules, type KindRules } from "./kind-rules.ts";
import { nodeRules } from "./nodes.ts";
import { defaultPodSpec } from "./pod-defaults.ts";
import { podRules } from "./pods.ts";

const byName = (resource: Resource): readonly [string, KindRules] => [resource.kind, kindRules(resource)];

type Fields = Readonly<Record<string, unknown>>;

function workload(resource: Resource, defaults: Fields, firstStatus: Fields = {}): KindRules {
  return kindRules(resource, {
    status: true,
    generation: true,
    decode: (draft) => {
      canonicalTimes(draft["status"]);
      const spec = objectAt(draft, "spec");
      for (const [key, value] of Object.entries(defaults)) setDefault(spec, key, copyJson(value));
      const podSpec = objectAt(objectAt(spec, "template"), "spec");
      defaultPodSpec(podSpec);
    },
    prepareCreate: (draft) => {
      draft["status"] = { ...firstStatus };
    },
    validate: (draft, old) => checkWorkload(draft, old),
  });
}

function checkWorkload(draft: Draft, old: Stored | undefined): readonly Problem[] {
  const spec = objectAt(draft, "spec");
  const selector = spec["selector"];
  if (!isJsonObject(selector) || Object.keys(selector).length === 0) return [requires("spec.selector", "")];
  if (old !== undefined && !jsonEqual(objectAt(old, "spec")["selector"], selector)) {
    return [refuses("spec.selector", selector, "field is immutable")];
  }
  const labels = objectAt(objectAt(objectAt(spec, "template"), "metadata"), "labels") as Record<string, string>;
  if (matchesSelector(selector, labels)) return [];
  return [refuses("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")];
}

const deployments: KindRules = {
  ...workload(Deployments, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
  }),
  prepareStatus: (draft, old) => replaceField(draft.metadata, "labels", old.metadata.labels),
};

const podTemplates = kindRules(PodTemplates, {
  generation: true,
  decode: (draft) => defaultPodSpec(objectAt(objectAt(draft, "template"), "spec")),
});

/** A client writes approvals only; who sent it is what the client says here, where everybody is an administrator. */
const certificateRequests = kindRules(CertificateSigningRequests, {
  status: true,
  unconditionalUpdate: false,
  prepareCreate: (draft) => {
    draft["status"] = {};
  },
  prepareStatus: (draft, old) => {
    const { certificate } = objectAt(old, "status") as { readonly certificate?: unknown };
    draft["status"] = { ...objectAt(draft, "status"), ...(certificate === undefined ? {} : { certificate }) };
  },
});

const budgets = kindRules(PodDisruptionBudgets, {
  status: true,
  generation: true,
  unconditionalUpdate: false,
  decode: (draft) => canonicalTimes(draft["status"]),
  prepareCreate: (draft) => {
    draft["status"] = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
  },
  validate: (draft) => {
    const spec = objectAt(draft, "spec");
    if (spec["minAvailable"] === undefined || spec["maxUnavailable"] === undefined) return [];
    return [refuses("spec", spec, "minAvailable and maxUnavailable cannot be both set")];
  },
});

const events = kindRules(Events, {
  createOnUpdate: true,
  fields: {
    ...Object.fromEntries(
      ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map((key) => [
        `involvedObject.${key}`,
        (event: Stored) => textAt(objectAt(event, "involvedObject"), key),
      ]),
    ),
    reason: (event) => textAt(event, "reason"),
    type: (event) => textAt(event, "type"),
    reportingComponent: (event) => textAt(event, "reportingComponent"),
    source: (event) => textAt(objectAt(event, "source"), "component") || textAt(event, "reportingComponent"),
  },
  decode: (draft) => {
    canonicalTimes(draft);
    for (const key of ["eventTime", "firstTimestamp", "lastTimestamp"]) setDefault(draft, key, null);
    for (const key of ["reportingComponent", "reportingInstance"]) setDefault(draft, key, "");
    setDefault(draft, "source", {});
  },
  validate: checkEvent,
});

/** An event lives beside its object; without a namespace of its own the object's events live in `default` (UX-3a). */
function checkEvent(draft: Draft): readonly Problem[] {
  const about = textAt(objectAt(draft, "involvedObject"), "namespace");
  const { namespace } = draft.metadata;
  const modern = draft["eventTime"] !== undefined && draft["eventTime"] !== null;
  const fits =
    about === "" ? namespace === "default" || (modern && namespace === "kube-system") : about === namespace || modern;
  return fits ? [] : [refuses("involvedObject.namespace", about, "does not match event.namespace")];
}

const leases = kindRules(Leases, {
  unconditionalUpdate: false,
  createOnUpdate: true,
  decode: (draft) => canonicalTimes(draft["spec"]),
  validate: (draft) => {
    const seconds = objectAt(draft, "spec")["leaseDurationSeconds"];
    if (seconds === undefined || Number(seconds) > 0) return [];
    return [refuses("spec.leaseDurationSeconds", seconds, "must be greater than 0")];
  },
});

const secrets = kindRules(Secrets, {
  fields: { type: (secret) => textAt(secret, "type") },
  decode: (draft) => {
    setDefault(draft, "type", "Opaque");
    const data = { ...objectAt(draft, "data") };
    for (const [key, text] of Object.entries(objectAt(draft, "stringData"))) {
      data[key] = Buffer.from(String(text)).toString("base64");
    }
    delete draft["stringData"];
    if (Object.keys(data).length > 0) draft["data"] = data;
  },
  validate: (draft, old) =>
    old === undefined || draft["type"] === old["type"] ? [] : [refuses("type", draft["type"], "field is immutable")],
});

const namespaces = kindRules(Namespaces, {
  status: true,
  nameIsLabel: true,
  fields: { "status.phase": (namespace) => textAt(objectAt(namespace, "status"), "phase") },
  prepareCreate: (draft) => {
    draft["spec"] = { finalizers: ["kubernetes"] };
    draft["status"] = { phase: "Active" };
    labelWithName(draft);
  },
  prepareUpdate: (draft, old) => {
    replaceField(draft, "spec", old["spec"]);
    labelWithName(draft);
  },
});

function labelWithName(draft: Draft): void {
  const { name = "", labels = {} } = draft.metadata;
  draft.metadata.labels = { ...labels, "kubernetes.io/metadata.name": name };
}

const volumeAttachments = kindRules(VolumeAttachments, {
  status: true,
  unconditionalUpdate: false,
  prepareCreate: (draft) => {
    draft["status"] = { attached: false };
  },
  prepareStatus: (draft, old) => {
    draft.metadata = copyJson(old.metadata) as Draft["metadata"];
  },
  validate: (draft, old) => {
    const spec = objectAt(draft, "spec");
    if (old !== undefined && !jsonEqual(spec, old["spec"])) return [refuses("spec", spec, "field is immutable")];
    return (["attacher", "nodeName"] as const)
      .filter((key) => textAt(spec, key) === "")
      .map((key) => requires(`spec.${key}`, ""));
  },
});

const priorityClasses = kindRules(plain("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses"), {
  validate: (draft, old) =>
    old === undefined || draft["value"] === old["value"]
      ? []
      : [refuses("value", draft["value"], "may not be changed in an update.")],
  decode: (draft) => {
    if (typeof draft["value"] !== "number") throw badRequest("a PriorityClass needs a value");
    setDefault(draft, "preemptionPolicy", "PreemptLowerPriority");
  },
});

function plain(group: string, version: string, kind: string, plural: string, namespaced = false): Resource {
  return { group, version, kind, plural, namespaced };
}

const rollingUpdate = { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };

const NO_DAEMONS = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };

/** By kind. */
export const BUILT_IN_RULES: ReadonlyMap<string, KindRules> = new Map<string, KindRules>([
  [Deployments.kind, deployments],
  [ReplicaSets.kind, workload(ReplicaSets, { replicas: 1 }, { replicas: 0 })],
  [DaemonSets.kind, workload(DaemonSets, { revisionHistoryLimit: 10, updateStrategy: rollingUpdate }, NO_DAEMONS)],
  [
    "StatefulSet",
    workload(plain("apps", "v1", "StatefulSet", "statefulsets", true), {
      replicas: 1,
      podManagementPolicy: "OrderedReady",
      revisionHistoryLimit: 10,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
    }),
  ],
  [CertificateSigningRequests.kind, certificateRequests],
  [PodDisruptionBudgets.kind, budgets],
  [Events.kind, events],
  [Leases.kind, leases],
  [Secrets.kind, secrets],
  [Namespaces.kind, namespaces],
  [VolumeAttachments.kind, volumeAttachments],
  ["PriorityClass", priorityClasses],
  ["Node", nodeRules],
  ["Pod", podRules],
  byName(ConfigMaps),
  [PodTemplates.kind, podTemplates],
  byName(Services),
  byName(ClusterRoleBindings),
  byName(ReplicationControllers),
  byName(plain("storage.k8s.io", "v1", "StorageClass", "storageclasses")),
  byName(plain("storage.k8s.io", "v1", "CSINode", "csinodes")),
  ["PersistentVolume", kindRules(plain("", "v1", "PersistentVolume", "persistentvolumes"), { status: true })],
  [
    PersistentVolumeClaims.kind,
    kindRules(PersistentVolumeClaims, {
      status: true,
      prepareCreate: (draft) => {
        draft["status"] = { phase: "Pending" };
      },
    }),
  ],
]);
