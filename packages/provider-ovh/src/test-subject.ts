// OVHcloud as the conformance kit gets it: the provider over https, the fake API, and the kit's faults in the fake's words.

import { Label, Namespaces, Secrets, type KubeObject } from "@karpenter-multicloud/core/api";
import type {
  CloudAction,
  CloudFault,
  CloudRequest,
  Subject,
  SubjectCloud,
  SubjectContext,
} from "@karpenter-multicloud/testkit/conformance";

import { OVH_GROUP, OwnerLabel } from "./api/labels.ts";
import { OVH_NODE_CLASS_KIND } from "./api/ovh-node-class.ts";
import { ovhProviderFactory } from "./create-provider.ts";
import { startFakeOvh, type FakeFault, type FakeOvh, type FaultMatch, type LoggedRequest } from "./testing/index.ts";
import { TinyClient } from "./testing/tiny-client.ts";

const NAMESPACE = "karpenter";
const ZONES = ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"];
const FLAVORS = ["b3-8", "b3-16", "b3-32"];
/** A broken connection, after a real millisecond. */
const AT_ONCE = 1;

export const ovhSubject: Subject = {
  factory: ovhProviderFactory,
  start: async ({ clock, hooks, seed }: SubjectContext) =>
    ovhSubjectCloud(await startFakeOvh({ clock, hooks, seed, speed: "real" })),
};

export function ovhSubjectCloud(fake: FakeOvh): SubjectCloud {
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
    inject: (faults) => fake.faults(faults.flatMap(faultsOf)),
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

/** A machine of a pool is ordered with the pool or with its size. */
const ROUTES: Readonly<Record<CloudAction | "any", readonly FaultMatch[]>> = {
  create: [{ operation: "createPool" }, { operation: "updatePool" }],
  delete: [{ operation: "updatePool" }],
  list: [{ method: "GET", path: "*/nodepool*" }],
  other: [{ method: "GET", path: "*/flavors" }],
  any: [{ path: "/cloud/*" }],
};

function faultsOf({
  fault,
  on = "any",
  status,
  headers,
  times,
  probability,
  instanceType,
  zone,
}: CloudFault): readonly FakeFault[] {
  const often = { ...(times === undefined ? {} : { times }), ...(probability === undefined ? {} : { probability }) };
  const machine = { operation: "launch", ...(instanceType ? { flavor: instanceType } : {}), ...(zone ? { zone } : {}) };
  const request = (change: Omit<FakeFault, "match">): readonly FakeFault[] =>
    ROUTES[on].map((match) => ({ match, ...often, ...change }));
  switch (fault) {
    case "status":
      return request({ fault, status: status ?? 500, ...(headers === undefined ? {} : { headers }) });
    case "timeoutBefore":
    case "timeoutAfter":
      return request({ fault, delayMs: AT_ONCE });
    case "hang":
      return request({ fault: "timeoutBefore" });
    case "malformed":
      return request({ fault });
    case "busy":
      return request({ fault: "status", status: 400, message: "NodePool status is UPSCALING" });
    case "slowBoot":
      return [{ match: machine, fault: "boot", ...often }];
    case "vanish":
    case "outOfStock":
    case "quota":
      return [{ match: machine, fault, ...often }];
    case "boot":
      return [{ match: machine, fault, machineStatus: "ERROR", noInstance: true, ...often }];
  }
}

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
