// Defaults and rules of OVHNodeClass; the CustomResourceDefinition is made from it.

import { LABEL_VALUE, nodeClassResource, rule, shape, UUID } from "@karpenter-multicloud/core/api";
import type { CustomResource, Schema } from "@karpenter-multicloud/core/api";

import { isForbiddenTemplateLabel } from "./labels.ts";
import { OVHNodeClasses } from "./ovh-node-class.ts";
import type { OVHNodeClass, OVHNodeClassSpec } from "./ovh-node-class.ts";

const { bool, integer, list, mapOf, object, oneOf, setOf, text, dateTime } = shape;

const GENERATION_2 = ["b2", "c2", "d2", "r2"];

const tags = mapOf(text({ maxLength: 63, pattern: LABEL_VALUE }), {
  description: "Labels of every node of this class, from its first second. Not tags of the cloud instance.",
  maxProperties: 20,
  "x-kubernetes-validations": [
    rule<Readonly<Record<string, string>>>(
      "self.all(k, k != 'nodepool' && !k.matches('^([a-z0-9.-]*[.])?(karpenter[.]sh|kubernetes[.]io|k8s[.]io|node[.]k8s[.]ovh)/') && !k.startsWith('karpenter.ovhcloud.sh/'))",
      {
        message:
          "tags may not use the key nodepool or keys of karpenter.sh, kubernetes.io, k8s.io, node.k8s.ovh and karpenter.ovhcloud.sh",
        check: (self) => !Object.keys(self).some(isForbiddenTemplateLabel),
        locate: (self) => `[${Object.keys(self).find(isForbiddenTemplateLabel) ?? ""}]`,
      },
    ),
    rule<Readonly<Record<string, string>>>(
      "self.all(k, k.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$') && size(k.split('/')[size(k.split('/')) - 1]) <= 63)",
      {
        message: "a tag key must be a label key such as team or example.com/team",
        check: (self) => Object.keys(self).every(isLabelKey),
        locate: (self) => `[${Object.keys(self).find((key) => !isLabelKey(key)) ?? ""}]`,
      },
    ),
  ],
});

const flavorSelector = object(
  {
    families: setOf(text({ minLength: 1, maxLength: 32 }), {
      maxItems: 50,
      description: "Flavor families: b3, c3, r3, …",
    }),
    names: setOf(text({ minLength: 1, maxLength: 63 }), { maxItems: 200 }),
    excludeNames: setOf(text({ minLength: 1, maxLength: 63 }), { maxItems: 200 }),
    states: setOf(text({ minLength: 1, maxLength: 32 }), { maxItems: 10 }),
  },
  { description: "Flavors to consider at all; NodePool requirements choose among them." },
);

const reserved = object(
  {
    cpuMilli: integer({ minimum: 0, maximum: 1_000_000 }),
    memoryMB: integer({ minimum: 0, maximum: 10_000_000 }),
    storageGB: integer({ minimum: 0, maximum: 1_000_000 }),
  },
  { description: "What MKS reserves on a node, when it differs from the documented figures." },
);

const spec: Schema = object(
  {
    serviceName: text({
      description:
        "Public Cloud project id: 32 hexadecimal characters. May be left out when the controller has OVH_SERVICE_NAME.",
      pattern: "^[a-f0-9]{32}$",
      "x-kubernetes-validations": [unchangeable("serviceName cannot be changed: create another OVHNodeClass")],
    }),
    kubeId: text({
      description: "Id of the MKS cluster. Found by the controller when left out.",
      pattern: UUID,
      "x-kubernetes-validations": [unchangeable("kubeId cannot be changed: create another OVHNodeClass")],
    }),
    region: text({
      description: "Compared with the cluster's region, for example EU-WEST-PAR or GRA11.",
      pattern: "^[A-Z0-9-]{2,32}$",
    }),
    endpoint: text({
      description: "ovh-eu, ovh-ca, ovh-us, or the https URL of an API.",
      maxLength: 512,
      pattern: "^(ovh-(eu|ca|us)|https://.+|http://(localhost|127\\.0\\.0\\.1)(:[0-9]+)?(/.*)?)$",
    }),
    credentialsSecretRef: object(
      { name: text({ minLength: 1, maxLength: 253 }), namespace: text({ minLength: 1, maxLength: 63 }) },
      {
        description:
          "Secret with applicationKey, applicationSecret and consumerKey, or clientId and clientSecret of a service account, or accessToken.",
        required: ["name"],
      },
    ),
    monthlyBilled: bool({
      description: "Bill by the month; generation 2 flavors (b2, c2, d2, r2) only.",
      default: false,
    }),
    antiAffinity: bool({
      description: "Keep the machines of a pool on different hosts; pools then hold 5 machines.",
      default: false,
    }),
    attachFloatingIps: bool({ description: "A floating IP for every machine; Standard plan only.", default: false }),
    tags,
    zones: setOf(text({ minLength: 1, maxLength: 63 }), {
      maxItems: 3,
      description: "Only these zones of the region.",
    }),
    flavorSelector,
    poolStrategy: oneOf(["Shared", "PerNodeClaim"]),
    templateLabels: oneOf(["None", "NodePool"], { default: "None" }),
    reserved,
    evictionHard: object({ memoryMi: integer({ minimum: 0, maximum: 1_000_000 }) }),
    driftOnVersion: bool({
      description: "Replace machines whose Kubernetes version is older than the cluster's. MKS upgrades them itself.",
      default: false,
    }),
    driftOnTemplateEdit: bool({
      description: "Replace machines of a pool whose template somebody has edited.",
      default: false,
    }),
    monthlyMinLifetime: text({
      description:
        "So long a machine is not consolidated; a month is paid for when it begins. Only with monthlyBilled.",
      pattern: "^([0-9]+(s|m|h))+$",
    }),
  },
  {
    description: "Where and how machines of this class are ordered.",
    rules: [
      once("kubeId"),
      once("serviceName"),
      rule<OVHNodeClassSpec>(
        "!(has(self.monthlyBilled) && self.monthlyBilled && has(self.flavorSelector) && has(self.flavorSelector.families) && !self.flavorSelector.families.all(f, f in ['b2', 'c2', 'd2', 'r2']))",
        {
          message: "monthlyBilled works with generation 2 families only: b2, c2, d2, r2",
          check: (self) =>
            self.monthlyBilled !== true ||
            (self.flavorSelector?.families ?? []).every((family) => GENERATION_2.includes(family)),
        },
      ),
      rule<OVHNodeClassSpec>("!has(self.monthlyMinLifetime) || (has(self.monthlyBilled) && self.monthlyBilled)", {
        message: "monthlyMinLifetime needs monthlyBilled: true",
        check: (self) => self.monthlyMinLifetime === undefined || self.monthlyBilled === true,
      }),
    ],
  },
);

export const ovhNodeClassResource: CustomResource<OVHNodeClass> = nodeClassResource({
  resource: OVHNodeClasses,
  shortNames: ["ovhnc", "ovhnodeclass"],
  description: "OVHNodeClass says how machines of an OVHcloud Managed Kubernetes cluster are ordered.",
  spec,
  specRequired: false,
  status: {
    serviceName: text(),
    kubeId: text(),
    region: text(),
    plan: text(),
    regionType: text(),
    zones: list(text()),
    kubernetesVersion: text(),
    flavors: object({ total: integer(), available: integer() }),
    discoveredFlavors: list(text(), { maxItems: 200 }),
    poolCount: integer(),
    currency: text(),
    priceSource: text(),
    lastSyncTime: dateTime(),
  },
  columns: [
    { name: "Region", type: "string", jsonPath: ".status.region" },
    { name: "Plan", type: "string", jsonPath: ".status.plan", priority: 1 },
  ],
});

export const OVH_CUSTOM_RESOURCES: readonly CustomResource[] = [ovhNodeClassResource];

function unchangeable(message: string): ReturnType<typeof rule> {
  return rule<string>("self == oldSelf", { message, check: (self, old) => self === old });
}

/** A field that was set may not disappear either; the rule on the field itself does not see that. */
function once(field: "kubeId" | "serviceName"): ReturnType<typeof rule> {
  return rule<OVHNodeClassSpec>(`!has(oldSelf.${field}) || has(self.${field})`, {
    message: `${field} cannot be removed: create another OVHNodeClass`,
    check: (self, old) => old[field] === undefined || self[field] !== undefined,
  });
}

function isLabelKey(key: string): boolean {
  const name = key.slice(key.lastIndexOf("/") + 1);
  return name.length <= 63 && /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(key);
}
