// Defaults and rules of CloudStackNodeClass; the CustomResourceDefinition is made from it.

import { nodeClassResource, rule, shape, type CustomResource, type Schema } from "@karpenter-multicloud/core/api";
import { kubeletSchema } from "@karpenter-multicloud/core/bootstrap";
import {
  CloudStackNodeClasses,
  type CloudStackNodeClass,
  type CloudStackNodeClassSpec,
} from "./cloudstack-node-class.ts";
import { CLUSTER_TAG_PREFIX, OwnerTag } from "./labels.ts";

const { bool, integer, list, mapOf, object, oneOf, setOf, text } = shape;

type Texts = Readonly<Record<string, string>>;

const NAME = { minLength: 1, maxLength: 255 } as const;
const RESTRICTED_TAGS = Object.values(OwnerTag);
const SERVER_DETAILS = ["cpuNumber", "cpuSpeed", "memory", "rootdisksize"];

const hasText = (map: Texts): boolean => Object.entries(map).every(([key, value]) => key !== "" && value !== "");

const termTags = mapOf(text({ maxLength: 255 }), {
  maxProperties: 20,
  description: 'Every pair must be there; "*" as a value stands for any.',
  "x-kubernetes-validations": [
    rule<Texts>("self.all(k, k != '' && self[k] != '')", {
      message: "empty tag keys or values aren't supported",
      check: hasText,
    }),
  ],
});

const TERM = {
  tags: termTags,
  id: text({ ...NAME, description: "Id in CloudStack." }),
  name: text({ ...NAME, description: "Name in CloudStack, exactly." }),
};

const networkTerms = terms("networkSelectorTerms", TERM);

const offeringTerms = terms("serviceOfferingSelectorTerms", {
  ...TERM,
  minCPU: integer({ minimum: 0, maximum: 100_000 }),
  maxCPU: integer({ minimum: 0, maximum: 100_000 }),
  minMemoryMiB: integer({ minimum: 0, maximum: 1_000_000_000 }),
  maxMemoryMiB: integer({ minimum: 0, maximum: 1_000_000_000 }),
  hostTags: setOf(text(NAME), { maxItems: 20 }),
  gpu: bool(),
});

const templateTerms = terms("templateSelectorTerms", {
  ...TERM,
  osType: text({ ...NAME, description: "Name or id of the template's OS type." }),
  arch: oneOf(["amd64", "arm64"]),
});

const tags = mapOf(text({ maxLength: 255 }), {
  description: "Tags of every VM and of its data disks.",
  maxProperties: 40,
  "x-kubernetes-validations": [
    rule<Texts>("self.all(k, k != '' && self[k] != '' && size(k) <= 255)", {
      message: "empty tag keys or values aren't supported",
      check: (self) => hasText(self) && Object.keys(self).every((key) => key.length <= 255),
    }),
    ...RESTRICTED_TAGS.map((key) =>
      rule<Texts>(`self.all(k, k != '${key}')`, {
        message: `tag contains a restricted tag matching ${key}`,
        check: (self) => !(key in self),
        locate: () => `[${key}]`,
      }),
    ),
    rule<Texts>(`self.all(k, !k.startsWith('${CLUSTER_TAG_PREFIX}'))`, {
      message: `tag contains a restricted tag matching ${CLUSTER_TAG_PREFIX}`,
      check: (self) => !Object.keys(self).some((key) => key.startsWith(CLUSTER_TAG_PREFIX)),
    }),
  ],
});

const dataDisks = list(
  object(
    {
      offering: text({ ...NAME, description: "Name or id of a disk offering." }),
      sizeGiB: integer({ minimum: 1, maximum: 65_536 }),
      minIops: integer({ minimum: 1, maximum: 10_000_000 }),
      maxIops: integer({ minimum: 1, maximum: 10_000_000 }),
    },
    { required: ["offering"] },
  ),
  { maxItems: 8, description: "Data disks; more than one needs CloudStack 4.21." },
);

const bootstrap = object(
  {
    type: oneOf(["auto", "kubeadm", "k3s", "rke2", "none"], {
      default: "auto",
      description: "How machines join; auto is kubeadm where kube-public/cluster-info exists, else none.",
    }),
    tokenSecretRef: object(
      {
        name: text({ minLength: 1, maxLength: 253 }),
        namespace: text({ maxLength: 63 }),
        key: text({ maxLength: 253 }),
      },
      { required: ["name"], description: "The token of k3s and RKE2." },
    ),
    endpoint: text({ maxLength: 512, description: "Address of the API server; found in the cluster when left out." }),
    caCertHash: text({ pattern: "^sha256:[a-f0-9]{64}$" }),
    tokenTTL: text({ pattern: "^([0-9]+(s|m|h))+$", default: "30m" }),
    kubernetesVersion: text({ pattern: "^v[0-9]+\\.[0-9]+\\.[0-9]+.*$", maxLength: 64 }),
    cloudProvider: oneOf(["external", "none"]),
    criSocket: text({ maxLength: 255 }),
    preKubeadmCommands: list(text({ maxLength: 4096 }), { maxItems: 50 }),
    postKubeadmCommands: list(text({ maxLength: 4096 }), { maxItems: 50 }),
    files: list(
      object(
        {
          path: text({ minLength: 1, maxLength: 1024 }),
          content: text({ maxLength: 65_536 }),
          permissions: text({ pattern: "^0[0-7]{3}$" }),
        },
        { required: ["path", "content"] },
      ),
      { maxItems: 20 },
    ),
  },
  { description: "How a machine joins the cluster." },
);

const PARAMETER_NAME = "^[A-Za-z_][A-Za-z0-9_]*$";

const parameters = mapOf(text({ maxLength: 1024, pattern: "^[^,]*$" }), {
  maxProperties: 30,
  description: "Values of the registered user data's own variables; the variables of userData may stand in them.",
  "x-kubernetes-validations": [
    rule<Texts>(`self.all(k, k.matches('${PARAMETER_NAME}'))`, {
      message: "names of userDataRef.parameters are letters, digits and underscores",
      check: (self) => Object.keys(self).every((key) => new RegExp(PARAMETER_NAME).test(key)),
    }),
  ],
});

const spec: Schema = object(
  {
    zone: text({ ...NAME, description: "Name or id of a zone." }),
    zones: setOf(text(NAME), { maxItems: 16, description: "Names or ids of zones; instead of zone." }),
    networkSelectorTerms: networkTerms,
    serviceOfferingSelectorTerms: offeringTerms,
    templateSelectorTerms: templateTerms,
    additionalNetworkSelectorTerms: list(list(term(TERM), { maxItems: 30 }), { maxItems: 4 }),
    userData: text({ maxLength: 262_144 }),
    userDataMode: oneOf(["Auto", "Custom", "Merge"], { default: "Auto" }),
    userDataRef: idOrName("userDataRef", { parameters }),
    compressUserData: bool({ default: true }),
    tags,
    rootDiskSize: integer({ minimum: 1, maximum: 16_384, description: "GiB; the template's size when left out." }),
    rootDiskOffering: text(NAME),
    diskOffering: text({ ...NAME, description: "Name or id of the disk offering of one data disk." }),
    diskSize: integer({ minimum: 1, maximum: 65_536, description: "GiB; for a customized disk offering." }),
    dataDisks,
    sshKeyPair: text(NAME),
    sshKeyPairs: setOf(text(NAME), { maxItems: 10 }),
    project: text({ ...NAME, description: "Name or id." }),
    account: text({ ...NAME, description: "Whose the machines are; for keys of administrators, with domain." }),
    domain: text({ ...NAME, description: "Name, path or id of the account's domain." }),
    securityGroups: list(idOrName("a security group"), {
      maxItems: 20,
      description: "For zones with security groups; others are not used then.",
    }),
    affinityGroups: object({
      ids: setOf(text(NAME), { maxItems: 10 }),
      names: setOf(text(NAME), { maxItems: 10 }),
      managed: object(
        { type: text(NAME), scope: oneOf(["NodePool", "NodeClass"], { default: "NodePool" }) },
        {
          required: ["type"],
          description: "A group made for each NodePool (or for the class) and deleted with the class.",
        },
      ),
    }),
    details: mapOf(text({ maxLength: 255 }), {
      maxProperties: 30,
      "x-kubernetes-validations": [
        rule<Texts>(`self.all(k, !(k in [${SERVER_DETAILS.map((key) => `'${key}'`).join(", ")}]))`, {
          message: `details may not set ${SERVER_DETAILS.join(", ")}: the service offering and rootDiskSize do`,
          check: (self) => !SERVER_DETAILS.some((key) => key in self),
        }),
      ],
    }),
    bootType: oneOf(["BIOS", "UEFI"]),
    bootMode: oneOf(["Legacy", "Secure"]),
    group: text(NAME),
    customOfferingShapes: list(
      object(
        {
          cpu: integer({ minimum: 1, maximum: 1024 }),
          memoryMiB: integer({ minimum: 128, maximum: 16_777_216 }),
          cpuSpeedMHz: integer({ minimum: 1, maximum: 100_000 }),
        },
        { required: ["cpu", "memoryMiB"] },
      ),
      { maxItems: 64, description: "Sizes of custom service offerings." },
    ),
    priceTable: list(
      object(
        { offering: text(NAME), price: text({ pattern: "^[0-9]+(\\.[0-9]+)?$", maxLength: 32 }) },
        { required: ["offering", "price"] },
      ),
      { maxItems: 200, description: "Price per hour of service offerings, by name or id." },
    ),
    templatePolicy: oneOf(["Newest", "FirstTerm"], { default: "Newest" }),
    kubelet: kubeletSchema(),
    bootstrap,
    providerIDFormat: oneOf(["ccm", "capc", "zoned"], { default: "ccm" }),
    expungePolicy: oneOf(["Auto", "Always", "Never"], {
      description: "Whether machines are removed for good; what the controller is set to when left out, else Auto.",
    }),
    credentialsSecretRef: object(
      { name: text({ minLength: 1, maxLength: 253 }), namespace: text({ minLength: 1, maxLength: 63 }) },
      {
        required: ["name"],
        description:
          "A Secret with apiKey, secretKey and, where they are not the controller's, apiUrl, verifySSL and caBundle.",
      },
    ),
    startVM: oneOf(["direct", "twoPhase"], {
      default: "direct",
      description: "twoPhase orders a machine stopped, tells it its own id in its user data, and starts it then.",
    }),
    scrubUserData: bool({ default: false, description: "Replaces the user data once the node has joined." }),
    allowVolatile: bool({ default: false, description: "Also offerings whose root disk is wiped at every reboot." }),
  },
  {
    description: "Which machines of an Apache CloudStack cloud are bought, and how.",
    required: ["networkSelectorTerms", "serviceOfferingSelectorTerms", "templateSelectorTerms"],
    rules: [
      rule<CloudStackNodeClassSpec>("has(self.zone) || (has(self.zones) && self.zones.size() > 0)", {
        message: "one of zone or zones is required",
        check: ({ zone, zones }) => zone !== undefined || (zones?.length ?? 0) > 0,
      }),
      notBoth("zone", "zones"),
      notBoth("userData", "userDataRef"),
      notBoth("diskOffering", "dataDisks"),
      notBoth("sshKeyPair", "sshKeyPairs"),
      notBoth("project", "account"),
      rule<CloudStackNodeClassSpec>("has(self.account) == has(self.domain)", {
        message: "account and domain belong together: give both or neither",
        check: ({ account, domain }) => (account === undefined) === (domain === undefined),
      }),
      rule<CloudStackNodeClassSpec>("!has(self.startVM) || self.startVM != 'twoPhase' || !has(self.userDataRef)", {
        message: "startVM twoPhase writes the user data itself: leave userDataRef out",
        check: ({ startVM, userDataRef }) => startVM !== "twoPhase" || userDataRef === undefined,
      }),
      rule<CloudStackNodeClassSpec>(
        "!has(self.bootstrap) || !has(self.bootstrap.type) || !(self.bootstrap.type in ['k3s', 'rke2']) || has(self.bootstrap.tokenSecretRef)",
        {
          message: "bootstrap.type k3s and rke2 need bootstrap.tokenSecretRef",
          check: ({ bootstrap: join }) =>
            !["k3s", "rke2"].includes(join?.type ?? "auto") || join?.tokenSecretRef !== undefined,
        },
      ),
    ],
  },
);

const named = { id: text(), name: text() };

const cloudStackNodeClassResource: CustomResource<CloudStackNodeClass> = nodeClassResource({
  resource: CloudStackNodeClasses,
  shortNames: ["csnc", "csncs"],
  description: "CloudStackNodeClass says how machines of an Apache CloudStack cloud are bought.",
  spec,
  status: {
    zones: list(object({ ...named, label: text() })),
    networks: list(object({ ...named, zone: text(), type: text(), state: text() })),
    serviceOfferings: list(
      object({
        ...named,
        instanceType: text(),
        cpuNumber: integer(),
        cpuSpeed: integer(),
        memory: integer(),
        networkRate: integer(),
        zones: list(text()),
        price: text(),
        custom: bool(),
      }),
    ),
    templates: list(object({ ...named, osType: text(), arch: text(), zone: text(), created: text() })),
    projectID: text(),
    diskOfferings: list(object(named)),
    affinityGroups: list(object({ ...named, type: text() })),
    observedHash: text(),
  },
  columns: [
    { name: "Zone", type: "string", jsonPath: ".spec.zone", priority: 1 },
    { name: "Project", type: "string", jsonPath: ".spec.project", priority: 1 },
  ],
});

export const CLOUDSTACK_CUSTOM_RESOURCES: readonly CustomResource[] = [cloudStackNodeClassResource];

function term(fields: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(fields);
  const shown = names.filter((name) => name in TERM).map((name) => `'${name}'`);
  return object(fields, {
    rules: [
      rule<Readonly<Record<string, unknown>>>(names.map((name) => `has(self.${name})`).join(" || "), {
        message: `expected at least one, got none, [${shown.join(", ")}]`,
        check: (self) => names.some((name) => self[name] !== undefined),
      }),
    ],
  });
}

function terms(field: string, fields: Readonly<Record<string, Schema>>): Schema {
  return {
    ...list(term(fields), { maxItems: 30, description: "What fits any of the terms is taken." }),
    "x-kubernetes-validations": [
      rule<readonly unknown[]>("self.size() != 0", {
        message: `${field} cannot be empty`,
        check: (self) => self.length > 0,
      }),
    ],
  };
}

function idOrName(what: string, more: Readonly<Record<string, Schema>> = {}): Schema {
  return object(
    { name: text(NAME), id: text(NAME), ...more },
    {
      rules: [
        rule<{ readonly name?: string; readonly id?: string }>("has(self.name) != has(self.id)", {
          message: `${what} needs exactly one of name and id`,
          check: ({ name, id }) => (name === undefined) !== (id === undefined),
        }),
      ],
    },
  );
}

function notBoth(a: keyof CloudStackNodeClassSpec, b: keyof CloudStackNodeClassSpec): ReturnType<typeof rule> {
  return rule<CloudStackNodeClassSpec>(`!(has(self.${a}) && has(self.${b}))`, {
    message: `${a} and ${b} exclude each other: keep one`,
    check: (self) => self[a] === undefined || self[b] === undefined,
  });
}
