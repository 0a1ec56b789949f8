// The fields of a pod (v1.36): all names are known, those that decide where a pod runs are checked in depth.

import { builtinResources, named, nodeSelector, unchecked } from "./builtin-parts.ts";
import { affinity, tolerations, topologySpreadConstraints } from "./builtin-scheduling.ts";
import { anyObject, bool, integer, list, object, oneOf, text } from "./builders.ts";
import { templateMetaSchema } from "./object-meta.ts";
import { DNS_LABEL } from "./patterns.ts";
import { rule } from "./schema.ts";
import type { Schema } from "./schema.ts";

const resources = object({
  requests: builtinResources,
  limits: builtinResources,
  claims: named({ name: text(), request: text() }),
});

const port = integer({ minimum: 1, maximum: 65535 });

const ports = list(
  object(
    { name: text(), containerPort: port, hostPort: port, hostIP: text(), protocol: oneOf(["TCP", "UDP", "SCTP"]) },
    { required: ["containerPort"] },
  ),
);

const env = list(
  object(
    {
      name: text({ minLength: 1 }),
      value: text(),
      valueFrom: object(unchecked("fieldRef resourceFieldRef configMapKeyRef secretKeyRef fileKeyRef")),
    },
    { required: ["name"] },
  ),
);

const volumeMounts = list(
  object(
    {
      name: text({ minLength: 1 }),
      mountPath: text({ minLength: 1 }),
      readOnly: bool(),
      ...unchecked("recursiveReadOnly subPath subPathExpr mountPropagation"),
    },
    { required: ["mountPath", "name"] },
  ),
);

const seconds = integer({ format: "int32", minimum: 0 });

const probe = object({
  ...unchecked("exec httpGet tcpSocket grpc"),
  initialDelaySeconds: seconds,
  timeoutSeconds: seconds,
  periodSeconds: seconds,
  successThreshold: seconds,
  failureThreshold: seconds,
  terminationGracePeriodSeconds: integer({ format: "int64", minimum: 1 }),
});

const containerSecurity = object(
  unchecked(
    `capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup
runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation procMount seccompProfile
appArmorProfile`,
  ),
);

const containerFields: Readonly<Record<string, Schema>> = {
  name: text({ minLength: 1, maxLength: 63, pattern: DNS_LABEL }),
  image: text(),
  command: list(text()),
  args: list(text()),
  workingDir: text(),
  ports,
  envFrom: list(object(unchecked("prefix configMapRef secretRef"))),
  env,
  resources,
  resizePolicy: list(object({ resourceName: text(), restartPolicy: text() })),
  restartPolicy: oneOf(["Always", "OnFailure", "Never"]),
  restartPolicyRules: list(anyObject()),
  volumeMounts,
  volumeDevices: list(object({ name: text(), devicePath: text() }, { required: ["devicePath", "name"] })),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: object(unchecked("postStart preStop stopSignal")),
  terminationMessagePath: text(),
  terminationMessagePolicy: oneOf(["File", "FallbackToLogsOnError"]),
  imagePullPolicy: oneOf(["Always", "IfNotPresent", "Never"]),
  securityContext: containerSecurity,
  stdin: bool(),
  stdinOnce: bool(),
  tty: bool(),
};

const VOLUME_SOURCES = `hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi glusterfs rbd
  flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume quobyte
  azureDisk photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image`;

const volumes = named({
  name: text({ minLength: 1, maxLength: 63, pattern: DNS_LABEL }),
  ...unchecked(VOLUME_SOURCES),
  persistentVolumeClaim: object({ claimName: text({ minLength: 1 }), readOnly: bool() }, { required: ["claimName"] }),
});

const podSecurity = object(
  unchecked(
    `seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot supplementalGroups
supplementalGroupsPolicy fsGroup sysctls fsGroupChangePolicy seccompProfile
appArmorProfile seLinuxChangePolicy`,
  ),
);

export const podSpec: Schema = object(
  {
    containers: { ...named(containerFields), minItems: 1 },
    initContainers: named(containerFields),
    ephemeralContainers: named({ ...containerFields, targetContainerName: text() }),
    nodeSelector,
    affinity,
    tolerations,
    topologySpreadConstraints,
    nodeName: text(),
    schedulerName: text(),
    schedulingGates: named({ name: text() }),
    priority: integer({ format: "int32" }),
    priorityClassName: text(),
    preemptionPolicy: oneOf(["Never", "PreemptLowerPriority"]),
    overhead: builtinResources,
    resources,
    volumes,
    restartPolicy: oneOf(["Always", "OnFailure", "Never"]),
    terminationGracePeriodSeconds: integer({ format: "int64", minimum: 0 }),
    activeDeadlineSeconds: integer({ format: "int64", minimum: 1 }),
    dnsPolicy: oneOf(["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
    serviceAccountName: text(),
    serviceAccount: text(),
    automountServiceAccountToken: bool(),
    hostNetwork: bool(),
    hostPID: bool(),
    hostIPC: bool(),
    hostUsers: bool(),
    shareProcessNamespace: bool(),
    securityContext: podSecurity,
    imagePullSecrets: list(object({ name: text() })),
    hostname: text(),
    hostnameOverride: text(),
    subdomain: text(),
    hostAliases: list(object({ ip: text(), hostnames: list(text()) })),
    readinessGates: list(object({ conditionType: text() }, { required: ["conditionType"] })),
    runtimeClassName: text(),
    enableServiceLinks: bool(),
    setHostnameAsFQDN: bool(),
    dnsConfig: object(unchecked("nameservers searches options")),
    os: object({ name: text() }, { required: ["name"] }),
    resourceClaims: named({ name: text(), ...unchecked("resourceClaimName resourceClaimTemplateName source") }),
    ...unchecked("workloadRef schedulingGroup"),
  },
  { required: ["containers"] },
);

/** `template` of a workload. */
export const podTemplate: Schema = object({ metadata: templateMetaSchema, spec: podSpec }, { required: ["spec"] });

interface Workload {
  readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly template: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
}

/** Of a workload's spec: its selector must choose the pods that its template makes. */
export const SELECTOR_MATCHES = rule<Workload>(
  "!has(self.selector.matchLabels) || self.selector.matchLabels.all(k, self.template.metadata.labels[k] == self.selector.matchLabels[k])",
  {
    message: "selector.matchLabels must be among template.metadata.labels",
    check: ({ selector, template }) =>
      Object.entries(selector.matchLabels ?? {}).every(([key, value]) => template.metadata?.labels?.[key] === value),
    locate: () => ".selector",
  },
);

/** Of a workload's spec: its pods are restarted for ever. */
export const RESTARTS_ALWAYS = rule<{ readonly template: { readonly spec: { readonly restartPolicy?: string } } }>(
  "!has(self.template.spec.restartPolicy) || self.template.spec.restartPolicy == 'Always'",
  {
    message: "pods of this kind are always restarted; leave restartPolicy out or write Always",
    check: ({ template }) => (template.spec.restartPolicy ?? "Always") === "Always",
    locate: () => ".template.spec.restartPolicy",
  },
);
