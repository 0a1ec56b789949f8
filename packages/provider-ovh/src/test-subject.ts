// OVHcloud as the conformance kit gets it: the provider over https, the fake API, and the kit's faults in the fake's words.

import { Label, Namespaces, Secrets, type KubeObject } from "@karpenter-multicloud/core/api";
import {
  toFakeFaults,
  type CloudAction,
  type CloudRequest,
  type FakeWords,
  type Subject,
  type SubjectCloud,
  type SubjectContext,
} from "@karpenter-multicloud/testkit/conformance";

import { OVH_GROUP, OwnerLabel } from "./api/labels.ts";
import { OVH_NODE_CLASS_KIND } from "./api/ovh-node-class.ts";
import { ovhProviderFactory } from "./create-provider.ts";
import { startFakeOvh, type FakeOvh, type LoggedRequest } from "./testing/index.ts";
import { TinyClient } from "./testing/tiny-client.ts";

const NAMESPACE = "karpenter";
const ZONES = ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"];
const FLAVORS = ["b3-8", "b3-16", "b3-32"];

export const ovhSubject: Subject = {
  factory: ovhProviderFactory,
  start: async ({ clock, hooks, seed }: SubjectContext) =>
    ovhSubjectCloud(await startFakeOvh({ clock, hooks, seed, speed: "real" })),
};

function ovhSubjectCloud(fake: FakeOvh): SubjectCloud {
  const nodeClassRef = { ...OVH_NODE_CLASS_KIND, name: "default" };
  return {
    env: {
      OVH_ENDPOINT: fake.url,
      ...(fake.caFile === undefined ? {} : { OVH_CA_FILE: fake.caFile }),
      OVH_PRICING_INTERVAL: "off",
    },
    objects: objectsFor(fake),
    nodeClassRef,
    zones: ZONES,
    requirements: [{ key: Label.InstanceType, operator: "In", values: FLAVORS }],
    machines: () =>
      fake.state().machines.map(({ id, providerID, flavor, zone, removing, status }) => ({
        id,
        providerID: providerID ?? undefined,
        instanceType: flavor,
        zone,
        leaving: removing || status === "DELETING" || status === "DELETED",
      })),
    close: () => fake.close(),
    inject: (faults) => fake.faults(toFakeFaults(faults, WORDS)),
    requests: () => fake.requestLog().map(requestOf),
    addForeignMachine: () => addForeignMachine(fake),
    driftingSpec: { tags: { changed: "yes" } },
    complaints: async () =>
      (await fake.invariants())
        .filter(({ kind }) => kind !== "LeakedMachine")
        .map(({ kind, message }) => `${kind}: ${message}`),
  };
}

function objectsFor(fake: FakeOvh): readonly KubeObject[] {
  const { applicationKey, applicationSecret, consumerKey, serviceName, kubeId } = fake.credentials;
  const encoded = Object.entries({ applicationKey, applicationSecret, consumerKey }).map(
    ([key, value]) => [key, Buffer.from(value).toString("base64")] as const,
  );
  const secret = { name: "ovh-credentials", namespace: NAMESPACE };
  const nodeClass = {
    apiVersion: `${OVH_GROUP}/v1alpha1`,
    kind: OVH_NODE_CLASS_KIND.kind,
    metadata: { name: "default" },
    spec: { serviceName, kubeId, endpoint: fake.url, credentialsSecretRef: secret },
  };
  return [
    { apiVersion: "v1", kind: Namespaces.kind, metadata: { name: NAMESPACE } },
    { apiVersion: "v1", kind: Secrets.kind, metadata: secret, data: Object.fromEntries(encoded) } as KubeObject,
    nodeClass,
  ];
}

const WORDS: FakeWords = {
  requests: {
    // A machine is ordered with its pool or with the pool's size.
    create: [{ operation: "createPool" }, { operation: "updatePool" }],
    delete: [{ operation: "updatePool" }],
    list: [{ method: "GET", path: "*/nodepool*" }],
    other: [{ method: "GET", path: "*/flavors" }],
    any: [{ path: "/cloud/*" }],
  },
  machine: ({ instanceType, zone }) => ({
    operation: "launch",
    ...(instanceType === undefined ? {} : { flavor: instanceType }),
    ...(zone === undefined ? {} : { zone }),
  }),
  busy: { status: 400, message: "NodePool status is UPSCALING" },
  failedBoot: { machineStatus: "ERROR", noInstance: true },
};

function requestOf({ at, operation, body }: LoggedRequest): CloudRequest {
  return { at, action: actionOf(operation, body) };
}

function actionOf(operation: string, body: unknown): CloudAction {
  const removes =
    ((body as { readonly nodesToRemove?: readonly string[] } | undefined)?.nodesToRemove ?? []).length > 0;
  switch (operation) {
    case "createPool":
      return "create";
    case "updatePool":
      return removes ? "delete" : "create";
    case "listPools":
    case "getPool":
    case "listPoolMachines":
    case "listMachines":
      return "list";
    default:
      return "other";
  }
}

/** A pool of another Karpenter in the same cluster, with its labels. */
async function addForeignMachine(fake: FakeOvh): Promise<void> {
  const client = new TinyClient(fake);
  const labels = { [OwnerLabel.ManagedBy]: "karpenter", [OwnerLabel.Cluster]: "another" };
  await client.call("POST", `${client.kube}/nodepool`, {
    name: "another-b3-8",
    flavorName: "b3-8",
    desiredNodes: 1,
    minNodes: 0,
    maxNodes: 10,
    autoscale: false,
    availabilityZones: ["eu-west-par-a"],
    template: { metadata: { labels, annotations: {}, finalizers: [] }, spec: { taints: [], unschedulable: false } },
  });
}
