// Scaleway as the conformance kit gets it: the provider over HTTP, the fake API whose machines boot by their user data, and the kit's faults in the fake's words.

import { apiVersionOf, ConfigMaps, Label, Namespaces, type KubeObject } from "@karpenter-multicloud/core/api";
import { TEST_CA, TEST_CLUSTER } from "@karpenter-multicloud/core/testing/cloud-init";
import type { LoggedRequest } from "@karpenter-multicloud/core/testing/fake-cloud";
import {
  toFakeFaults,
  type CloudAction,
  type CloudFault,
  type CloudRequest,
  type FakeWords,
  type Subject,
  type SubjectCloud,
  type SubjectContext,
} from "@karpenter-multicloud/testkit/conformance";

import { OwnerTag, SCALEWAY_GROUP } from "./api/labels.ts";
import { SCALEWAY_NODE_CLASS_KIND } from "./api/scaleway-node-class.ts";
import { scalewayProviderFactory } from "./create-provider.ts";
import { startFakeScaleway, type FakeFault, type FakeScaleway, type ViolationKind } from "./testing/index.ts";
import { TinyClient } from "./testing/tiny-client.ts";

export { CLASS_MISTAKES } from "./test-class-mistakes.ts";

const ZONES = ["fr-par-1", "fr-par-2"];
const TYPES = ["PRO2-XXS", "PRO2-XS", "PRO2-S"];
/** What the kit counts itself, in its own words and at its own time. */
const OF_THE_KIT: readonly ViolationKind[] = ["LeakedServer"];

export const scalewaySubject: Subject = {
  factory: scalewayProviderFactory,
  start: async ({ clock, hooks, kube, seed }: SubjectContext) => {
    const { endpoint, kubernetesVersion } = TEST_CLUSTER;
    const cluster = { kube, endpoints: [endpoint], caBundle: TEST_CA, version: kubernetesVersion };
    return scalewaySubjectCloud(await startFakeScaleway({ clock, hooks, cluster, seed, speed: "real" }));
  },
};

function scalewaySubjectCloud(fake: FakeScaleway): SubjectCloud {
  const { accessKey, secretKey, projectId } = fake.credentials;
  return {
    env: {
      SCW_ACCESS_KEY: accessKey,
      SCW_SECRET_KEY: secretKey,
      SCW_DEFAULT_PROJECT_ID: projectId,
      SCW_API_URL: fake.url,
    },
    objects: OBJECTS,
    nodeClassRef: { ...SCALEWAY_NODE_CLASS_KIND, name: "default" },
    zones: ZONES,
    requirements: [{ key: Label.InstanceType, operator: "In", values: TYPES }],
    machines: () =>
      fake.state().machines.map(({ id, providerID, commercialType, zone, state, stateDetail }) => ({
        id,
        providerID,
        instanceType: commercialType,
        zone,
        leaving: state === "stopping" && stateDetail === "terminating",
      })),
    close: () => fake.close(),
    inject: (faults) => fake.faults(faults.flatMap(inWords)),
    requests: () => fake.requestLog().map(requestOf),
    addForeignMachine: () => addForeignMachine(fake),
    driftingSpec: { tags: ["changed=yes"] },
    complaints: async () => breaches(await fake.invariants()),
    leftovers: () => [
      ...fake.leakedVolumes().map((id) => `volume ${id}`),
      ...fake.leakedIps().map((id) => `address ${id}`),
    ],
  };
}

function breaches(found: Awaited<ReturnType<FakeScaleway["invariants"]>>): readonly string[] {
  return found.filter(({ kind }) => !OF_THE_KIT.includes(kind)).map(({ kind, message }) => `${kind}: ${message}`);
}

const OBJECTS: readonly KubeObject[] = [
  { apiVersion: "v1", kind: Namespaces.kind, metadata: { name: "karpenter" } },
  configMap("kube-public", "cluster-info", { kubeconfig: kubeconfig() }),
  configMap("kube-system", "kubeadm-config", {
    ClusterConfiguration: `kubernetesVersion: ${TEST_CLUSTER.kubernetesVersion}\n`,
  }),
  {
    apiVersion: `${SCALEWAY_GROUP}/v1alpha1`,
    kind: SCALEWAY_NODE_CLASS_KIND.kind,
    metadata: { name: "default" },
    // Every machine with an address of its own, so that a leaked one is seen.
    spec: { zones: ZONES, publicIP: "flexible" },
  } as KubeObject,
];

function configMap(namespace: string, name: string, data: Readonly<Record<string, string>>): KubeObject {
  return {
    apiVersion: apiVersionOf(ConfigMaps),
    kind: ConfigMaps.kind,
    metadata: { namespace, name },
    data,
  } as KubeObject;
}

function kubeconfig(): string {
  const authority = Buffer.from(TEST_CA).toString("base64");
  const cluster = { server: `https://${TEST_CLUSTER.endpoint}`, "certificate-authority-data": authority };
  return JSON.stringify({ clusters: [{ name: "", cluster }] });
}

const WORDS: FakeWords = {
  requests: {
    create: [{ operation: "createServer" }],
    delete: [{ operation: "deleteServer" }, { operation: "serverAction" }],
    list: [{ operation: "listServers" }],
    other: [{ operation: "listServerTypes" }],
    any: [{ path: "*" }],
  },
  machine: ({ instanceType, zone }) => ({
    ...(instanceType === undefined ? {} : { type: instanceType }),
    ...(zone === undefined ? {} : { zone }),
  }),
  busy: { status: 409, message: "the server is busy" },
  // The one way in which Scaleway shows a machine that cannot start: it stops again (W-44).
  failedBoot: { fault: "outOfStock", at: "afterwards" },
};

/** What the kit calls a quota reaches further than a type; of Scaleway's, those of addresses and volumes do (§9). */
function inWords(fault: CloudFault): readonly FakeFault[] {
  if (fault.fault !== "quota") return toFakeFaults([fault], WORDS);
  const { times, probability } = fault;
  const details = [{ resource: "instance_ip", quota: 1, current: 1 }];
  return [
    {
      match: { operation: "createServer" },
      fault: "status",
      type: "quotas_exceeded",
      status: 403,
      fields: { details },
      ...(times === undefined ? {} : { times }),
      ...(probability === undefined ? {} : { probability }),
    },
  ];
}

function requestOf({ at, operation, body }: LoggedRequest): CloudRequest {
  return { at, action: actionOf(operation, body) };
}

function actionOf(operation: string, body: unknown): CloudAction {
  const { action } = (body ?? {}) as { readonly action?: unknown };
  if (operation === "createServer") return "create";
  if (operation === "deleteServer" || (operation === "serverAction" && action === "terminate")) return "delete";
  return operation === "listServers" ? "list" : "other";
}

/** A machine of another Karpenter in the same project, with its tags. */
async function addForeignMachine(fake: FakeScaleway): Promise<void> {
  const tags = [OwnerTag.managed, OwnerTag.cluster("another"), OwnerTag.nodeClaim("another-1")];
  const { id } = fake.outside.addServer("fr-par-1", { name: "another-1", tags });
  const path = `/instance/v1/zones/fr-par-1/servers/${id}/user_data/cloud-init`;
  await new TinyClient(fake).call("PATCH", path, "#cloud-config\n");
  fake.outside.powerOn(id);
}
