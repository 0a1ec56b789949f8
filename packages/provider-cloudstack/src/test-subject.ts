// CloudStack as the conformance kit gets it: the provider over HTTP, the fake API, and the kit's faults in the fake's words.

import { ConfigMaps, Label } from "@karpenter-multicloud/core/api";
import type { KubeObject } from "@karpenter-multicloud/core/api";
import { TEST_CA, TEST_CLUSTER } from "@karpenter-multicloud/core/testing/cloud-init";
import {
  toFakeFaults,
  type CloudAction,
  type FakeWords,
  type Subject,
  type SubjectCloud,
  type SubjectContext,
} from "@karpenter-multicloud/testkit/conformance";

import { CLOUDSTACK_NODE_CLASS_KIND } from "./api/cloudstack-node-class.ts";
import { CLOUDSTACK_GROUP } from "./api/labels.ts";
import { cloudStackProviderFactory } from "./create-provider.ts";
import { startFakeCloudStack } from "./testing/index.ts";
import type { FakeCloudStack } from "./testing/index.ts";

const ZONES = ["zone-01", "zone-02"];
const OFFERINGS = ["medium", "large", "k8s.c4.m16"];
const { endpoint, kubernetesVersion } = TEST_CLUSTER;

export const cloudStackSubject: Subject = {
  factory: cloudStackProviderFactory,
  start: async ({ clock, hooks, kube, seed }: SubjectContext) => {
    const cluster = { kube, endpoints: [endpoint], caBundle: TEST_CA, version: kubernetesVersion };
    const options = { clock, hooks, cluster, seed, speed: "real", as: "admin", unlimited: true } as const;
    return subjectCloud(await startFakeCloudStack(options));
  },
};

function subjectCloud(fake: FakeCloudStack): SubjectCloud {
  const { apiUrl, apiKey, secretKey } = fake.credentials;
  return {
    env: {
      CLOUDSTACK_API_URL: apiUrl,
      CLOUDSTACK_API_KEY: apiKey,
      CLOUDSTACK_SECRET_KEY: secretKey,
      CLOUDSTACK_TIMEOUT_SECONDS: "1",
    },
    objects: OBJECTS,
    nodeClassRef: { ...CLOUDSTACK_NODE_CLASS_KIND, name: "default" },
    zones: ZONES,
    requirements: [{ key: Label.InstanceType, operator: "In", values: OFFERINGS }],
    machines: () =>
      fake.state().machines.map(({ id, providerID, offering, zone, state }) => ({
        id,
        providerID,
        instanceType: offering,
        zone,
        leaving: ["Stopping", "Destroyed", "Expunging"].includes(state),
      })),
    close: () => fake.close(),
    inject: (faults) => fake.faults(toFakeFaults(faults, WORDS)),
    requests: () => fake.requestLog().map(({ at, operation }) => ({ at, action: actionOf(operation) })),
    addForeignMachine: () => {
      const tags = { "karpenter.sh/managed-by": "karpenter", "kubernetes.io/cluster/another": "owned" };
      const displayName = "another-1 karpenter:another:11111111-1111-4111-8111-111111111111";
      fake.outside.addMachine("another-1", { tags, displayName });
      return Promise.resolve();
    },
    driftingSpec: { tags: { changed: "yes" } },
    complaints: async () =>
      (await fake.invariants())
        .filter(({ kind }) => kind !== "LeakedMachine")
        .map(({ kind, message }) => `${kind}: ${message}`),
  };
}

const map = (where: string, name: string, data: Readonly<Record<string, string>>): KubeObject => {
  const object: KubeObject & { readonly data: unknown } = {
    apiVersion: "v1",
    kind: ConfigMaps.kind,
    metadata: { namespace: where, name },
    data,
  };
  return object;
};

const DISCOVERY = { tags: { "karpenter.sh/discovery": "my-cluster" } };

const NODE_CLASS: KubeObject & { readonly spec: unknown } = {
  apiVersion: `${CLOUDSTACK_GROUP}/v1`,
  kind: CLOUDSTACK_NODE_CLASS_KIND.kind,
  metadata: { name: "default" },
  spec: {
    zones: ZONES,
    networkSelectorTerms: [DISCOVERY],
    serviceOfferingSelectorTerms: [DISCOVERY],
    templateSelectorTerms: [{ tags: { os: "ubuntu", version: "22.04" } }],
    bootstrap: { type: "kubeadm", endpoint, kubernetesVersion },
  },
};

const OBJECTS: readonly KubeObject[] = [map("kube-public", "kube-root-ca.crt", { "ca.crt": TEST_CA }), NODE_CLASS];

const WORDS: FakeWords = {
  requests: {
    create: [{ operation: "deployVirtualMachine" }],
    delete: [{ operation: "destroyVirtualMachine" }],
    list: [{ operation: "listVirtualMachines" }],
    other: [{ operation: "listServiceOfferings" }, { operation: "listZones" }],
    any: [{ path: "/client/api" }],
  },
  machine: ({ instanceType, zone }) => ({
    operation: "launch",
    ...(instanceType === undefined ? {} : { offering: instanceType }),
    ...(zone === undefined ? {} : { zone }),
  }),
  busy: { status: 530, message: "There is other active operation on the instance" },
  failedBoot: { failed: true },
};

function actionOf(operation: string): CloudAction {
  switch (operation) {
    case "deployVirtualMachine":
      return "create";
    case "destroyVirtualMachine":
    case "expungeVirtualMachine":
      return "delete";
    case "listVirtualMachines":
      return "list";
    default:
      return "other";
  }
}
