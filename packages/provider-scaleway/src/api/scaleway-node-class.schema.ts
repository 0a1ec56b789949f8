// Defaults and rules of ScalewayNodeClass (§3); the CustomResourceDefinition is made from it.

import { nodeClassResource, QUANTITY, rule, shape, UUID } from "@karpenter-multicloud/core/api";
import type { CustomResource, Schema } from "@karpenter-multicloud/core/api";
import { parseDuration, parseQuantity } from "@karpenter-multicloud/core/units";

import { ScalewayNodeClasses } from "./scaleway-node-class.ts";
import type {
  BootstrapSpec,
  ImageTerm,
  NamedRef,
  PlacementGroupSpec,
  RootVolume,
  ScalewayNodeClass,
  ScalewayNodeClassSpec,
} from "./scaleway-node-class.ts";

const { bool, dateTime, integer, list, mapOf, object, oneOf, setOf, text } = shape;

const ZONE = "^[a-z]{2}-[a-z]{3}-[1-9]$";
const TAG = "^[A-Za-z0-9][A-Za-z0-9_.=-]*$";
const OUR_TAGS = ["karpenter-", "noprefix=", "taint="];
const RESERVABLE = ["cpu", "memory", "ephemeral-storage", "pid"];
const MIN_ROOT = parseQuantity("10G");
const MAX_ROOT = parseQuantity("10T");

const quantity: Schema = { "x-kubernetes-int-or-string": true, pattern: QUANTITY };
const uuid = text({ pattern: UUID });

const imageTerm = object(
  {
    label: text({ maxLength: 128, pattern: "^[a-z0-9_]+$", description: "Of the marketplace, such as ubuntu_noble." }),
    id: uuid,
    name: text({ minLength: 1, maxLength: 255, description: "Of an image of the project; the newest one is taken." }),
    gpu: bool({ description: "Only for types with GPUs (true) or without (false)." }),
  },
  {
    rules: [
      rule<ImageTerm>("(has(self.label) ? 1 : 0) + (has(self.id) ? 1 : 0) + (has(self.name) ? 1 : 0) == 1", {
        message: "imageSelectorTerms: each term needs exactly one of label, id and name",
        check: (self) => [self.label, self.id, self.name].filter((value) => value !== undefined).length === 1,
      }),
    ],
  },
);

const rootVolume = object(
  {
    type: oneOf(["sbs", "local"], { default: "sbs" }),
    size: quantity,
    iops: integer({ description: "5000 or 15000; block storage only." }),
  },
  {
    rules: [
      rule<RootVolume>(
        "!has(self.size) || (quantity(string(self.size)).compareTo(quantity('10G')) >= 0 && quantity(string(self.size)).compareTo(quantity('10T')) <= 0)",
        {
          message: "rootVolume.size must be between 10G and 10T",
          check: ({ size }) => {
            if (size === undefined) return true;
            const amount = parseQuantity(size);
            return amount.compare(MIN_ROOT) >= 0 && amount.compare(MAX_ROOT) <= 0;
          },
        },
      ),
      rule<RootVolume>("!has(self.iops) || self.iops in [5000, 15000]", {
        message: "rootVolume.iops must be 5000 or 15000",
        check: ({ iops }) => iops === undefined || iops === 5000 || iops === 15_000,
      }),
      rule<RootVolume>("!has(self.iops) || !has(self.type) || self.type == 'sbs'", {
        message: "rootVolume.iops works with rootVolume.type sbs only",
        check: ({ iops, type }) => iops === undefined || type === undefined || type === "sbs",
      }),
    ],
  },
);

function named(what: string): Schema {
  return object(
    { id: uuid, name: text({ minLength: 1, maxLength: 255 }) },
    {
      rules: [
        rule<NamedRef>("has(self.id) != has(self.name)", {
          message: `${what} needs exactly one of id and name`,
          check: ({ id, name }) => (id === undefined) !== (name === undefined),
        }),
      ],
    },
  );
}

const placementGroup = object(
  {
    id: uuid,
    policyType: oneOf(["max_availability", "low_latency"]),
    policyMode: oneOf(["optional", "enforced"]),
  },
  {
    rules: [
      rule<PlacementGroupSpec>("has(self.id) != has(self.policyType)", {
        message: "placementGroup needs exactly one of id and policyType",
        check: ({ id, policyType }) => (id === undefined) !== (policyType === undefined),
      }),
      rule<PlacementGroupSpec>("!has(self.policyMode) || has(self.policyType)", {
        message: "placementGroup.policyMode needs placementGroup.policyType",
        check: ({ policyMode, policyType }) => policyMode === undefined || policyType !== undefined,
      }),
    ],
  },
);

const bootstrap = object(
  {
    type: oneOf(["kubeadm", "k3s", "rke2", "talos", "kosmos", "custom"], { default: "kubeadm" }),
    apiServerEndpoint: text({ maxLength: 512, description: "host:port under which machines reach the API server." }),
    kubernetesVersion: text({ maxLength: 63, description: "Of the kubelet; by default that of the cluster." }),
    cloudProvider: oneOf(["external", "none"], { default: "external" }),
    tokenTTL: text({
      pattern: "^([0-9]+(s|m|h))+$",
      default: "30m",
      "x-kubernetes-validations": [
        rule<string>("duration(self) >= duration('10m') && duration(self) <= duration('24h')", {
          message: "tokenTTL must be between 10m and 24h",
          check: (self) => parseDuration(self) >= parseDuration("10m") && parseDuration(self) <= parseDuration("24h"),
        }),
      ],
    }),
    tokenSecretRef: object(
      { name: text({ minLength: 1, maxLength: 253 }), namespace: text({ minLength: 1, maxLength: 63 }) },
      { description: "What k3s, RKE2, Talos or Kosmos need to join.", required: ["name"] },
    ),
    installScript: oneOf(["auto", "preinstalled"], { default: "auto" }),
    preScript: text({ maxLength: 65_536, description: "Shell lines that run before the node joins." }),
    postScript: text({ maxLength: 65_536 }),
  },
  {
    rules: [
      rule<BootstrapSpec>(
        "!has(self.type) || !(self.type in ['k3s', 'rke2', 'kosmos', 'talos']) || has(self.tokenSecretRef)",
        {
          message: "bootstrap.tokenSecretRef is needed for the types k3s, rke2, kosmos and talos",
          check: ({ type = "kubeadm", tokenSecretRef }) =>
            type === "kubeadm" || type === "custom" || tokenSecretRef !== undefined,
        },
      ),
    ],
  },
);

function reservations(field: string): Schema {
  return mapOf(quantity, {
    maxProperties: 4,
    "x-kubernetes-validations": [
      rule<Readonly<Record<string, unknown>>>("self.all(k, k in ['cpu', 'memory', 'ephemeral-storage', 'pid'])", {
        message: `kubelet.${field} holds cpu, memory, ephemeral-storage and pid only`,
        check: (self) => Object.keys(self).every((key) => RESERVABLE.includes(key)),
        locate: (self) => `[${Object.keys(self).find((key) => !RESERVABLE.includes(key)) ?? ""}]`,
      }),
    ],
  });
}

const signals = mapOf(text({ minLength: 1, maxLength: 32 }), { maxProperties: 10 });

interface Evictions {
  readonly evictionSoft?: Readonly<Record<string, string>>;
  readonly evictionSoftGracePeriod?: Readonly<Record<string, string>>;
}

const kubelet = object(
  {
    maxPods: integer({ minimum: 1, maximum: 250 }),
    podsPerCore: integer({ minimum: 0, maximum: 250 }),
    kubeReserved: reservations("kubeReserved"),
    systemReserved: reservations("systemReserved"),
    evictionHard: signals,
    evictionSoft: signals,
    evictionSoftGracePeriod: signals,
    clusterDNS: list(text({ maxLength: 64 }), { maxItems: 3 }),
    imageGCHighThresholdPercent: integer({ minimum: 0, maximum: 100 }),
    imageGCLowThresholdPercent: integer({ minimum: 0, maximum: 100 }),
    cpuCFSQuota: bool(),
    extraArgs: mapOf(text({ maxLength: 1024 }), { maxProperties: 50 }),
  },
  {
    rules: [
      rule<Evictions>(
        "!has(self.evictionSoft) || self.evictionSoft.all(k, has(self.evictionSoftGracePeriod) && k in self.evictionSoftGracePeriod)",
        {
          message: "kubelet.evictionSoft: every signal needs a period in kubelet.evictionSoftGracePeriod",
          check: ({ evictionSoft = {}, evictionSoftGracePeriod = {} }) =>
            Object.keys(evictionSoft).every((key) => Object.hasOwn(evictionSoftGracePeriod, key)),
        },
      ),
    ],
  },
);

const tag = text({
  minLength: 1,
  maxLength: 128,
  pattern: TAG,
  "x-kubernetes-validations": [
    rule<string>("!self.startsWith('karpenter-') && !self.startsWith('noprefix=') && !self.startsWith('taint=')", {
      message: "tags may not begin with karpenter-, noprefix= or taint=",
      check: (self) => !OUR_TAGS.some((prefix) => self.startsWith(prefix)),
    }),
  ],
});

const spec: Schema = object(
  {
    zones: setOf(text({ pattern: ZONE }), {
      minItems: 1,
      maxItems: 12,
      description: "Zones machines may be bought in, such as fr-par-2. SCW_DEFAULT_ZONE when left out.",
    }),
    projectID: text({
      pattern: UUID,
      description: "Project of everything that is made. SCW_DEFAULT_PROJECT_ID when left out.",
    }),
    imageSelectorTerms: list(imageTerm, {
      maxItems: 20,
      description: "The first term that fits a type wins. Ubuntu, with GPU drivers for types with GPUs, when left out.",
    }),
    instanceTypeSelector: object(
      {
        include: list(text({ minLength: 1, maxLength: 63 }), { maxItems: 100 }),
        exclude: list(text({ minLength: 1, maxLength: 63 }), { maxItems: 100 }),
        allowEndOfService: bool({ default: false }),
        minMemory: text({ pattern: QUANTITY }),
      },
      { description: "Types to consider at all, by patterns such as L4-*; NodePool requirements choose among them." },
    ),
    rootVolume,
    scratchStorage: oneOf(["none", "raid0", "ephemeral"], { default: "none" }),
    publicIP: oneOf(["none", "dynamic", "flexible", "flexible-ipv4-ipv6", "flexible-ipv6"], { default: "dynamic" }),
    privateNetworks: list(named("privateNetworks: each entry"), { maxItems: 8 }),
    primaryPrivateNetwork: text({ pattern: UUID, description: "Its address becomes the node's." }),
    securityGroup: named("securityGroup"),
    placementGroup,
    sshKeys: list(text({ minLength: 1, maxLength: 1024 }), { maxItems: 20 }),
    tags: setOf(tag, {
      maxItems: 40,
      description: "Tags of the servers; a cloud controller manager makes node labels of them.",
    }),
    bootstrap,
    userData: text({
      maxLength: 102_400,
      description: "Beside the product's own, or all of it with bootstrap.type custom.",
    }),
    kubelet,
    deleteUserDataAfterRegistration: bool({ default: true }),
    protected: bool({ default: false, description: "Protect servers against deletion by others." }),
  },
  {
    description: "Where and how machines of this class are bought.",
    rules: [
      rule<ScalewayNodeClassSpec>(
        "!has(self.publicIP) || self.publicIP != 'none' || (has(self.privateNetworks) && size(self.privateNetworks) > 0)",
        {
          message: "publicIP none needs at least one of privateNetworks",
          check: (self) => self.publicIP !== "none" || (self.privateNetworks ?? []).length > 0,
        },
      ),
      rule<ScalewayNodeClassSpec>(
        "!has(self.primaryPrivateNetwork) || (has(self.privateNetworks) && self.privateNetworks.exists(n, has(n.id) && n.id == self.primaryPrivateNetwork))",
        {
          message: "primaryPrivateNetwork must be the id of one of privateNetworks",
          check: (self) =>
            self.primaryPrivateNetwork === undefined ||
            (self.privateNetworks ?? []).some(({ id }) => id === self.primaryPrivateNetwork),
        },
      ),
      rule<ScalewayNodeClassSpec>(
        "!has(self.bootstrap) || !has(self.bootstrap.type) || self.bootstrap.type != 'custom' || (has(self.userData) && size(self.userData) > 0)",
        {
          message: "bootstrap.type custom needs userData",
          check: (self) => self.bootstrap?.type !== "custom" || (self.userData ?? "") !== "",
        },
      ),
      rule<ScalewayNodeClassSpec>(
        "(has(self.bootstrap) && has(self.bootstrap.type) ? self.bootstrap.type : 'kubeadm') == (has(oldSelf.bootstrap) && has(oldSelf.bootstrap.type) ? oldSelf.bootstrap.type : 'kubeadm')",
        {
          message: "bootstrap.type cannot be changed: create another ScalewayNodeClass",
          check: (self, old) => (self.bootstrap?.type ?? "kubeadm") === (old.bootstrap?.type ?? "kubeadm"),
        },
      ),
    ],
  },
);

const zonal = list(object({ id: text(), zone: text() }));

const scalewayNodeClassResource: CustomResource<ScalewayNodeClass> = nodeClassResource({
  resource: ScalewayNodeClasses,
  shortNames: ["scwnc", "scwncs"],
  description: "ScalewayNodeClass says how Scaleway Instances become nodes of the cluster.",
  spec,
  specRequired: false,
  status: {
    images: list(
      object({
        id: text(),
        label: text(),
        arch: text(),
        zone: text(),
        type: text(),
        gpu: bool(),
        compatibleTypes: integer(),
      }),
      { maxItems: 200 },
    ),
    zones: list(text()),
    securityGroups: zonal,
    privateNetworks: list(object({ id: text(), region: text() })),
    placementGroups: zonal,
    instanceTypeCount: integer(),
    lastSyncTime: dateTime(),
  },
  columns: [
    { name: "Zones", type: "string", jsonPath: ".status.zones" },
    { name: "Types", type: "integer", jsonPath: ".status.instanceTypeCount", priority: 1 },
  ],
});

export const SCALEWAY_CUSTOM_RESOURCES: readonly CustomResource[] = [scalewayNodeClassResource];
