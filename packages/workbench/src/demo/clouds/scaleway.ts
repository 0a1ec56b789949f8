// The demo on Scaleway: a fake of its API, reached through @scaleway/sdk-client; its machines join by reading their own cloud-init.

import { ConfigMaps, Namespaces, type ConfigMap, type KubeObject } from "@karpenter-multicloud/core/api";
import { TEST_CA, TEST_CLUSTER } from "@karpenter-multicloud/core/testing/cloud-init";
import { SCALEWAY_CUSTOM_RESOURCES, scalewayModule } from "@karpenter-multicloud/provider-scaleway";
import {
  startFakeScaleway,
  type FakeScaleway,
  type FakeScalewayOptions,
} from "@karpenter-multicloud/provider-scaleway/testing";
import type { CloudContext, CloudOpener, DemoCloud } from "../demo-cloud.ts";
import { readExamples } from "../manifests.ts";

const { endpoint, kubernetesVersion } = TEST_CLUSTER;

/** `onStart` gets the fake before anything talks to it, to break it or to look into it. */
export function scalewayCloud(
  extra: Partial<FakeScalewayOptions> = {},
  onStart: (fake: FakeScaleway) => void = () => {},
): CloudOpener {
  return {
    customResources: SCALEWAY_CUSTOM_RESOURCES,
    async open({ clock, hooks, kube, seed }: CloudContext): Promise<DemoCloud> {
      const cluster = { kube, endpoints: [endpoint], caBundle: TEST_CA, version: kubernetesVersion };
      const fake = await startFakeScaleway({ clock, hooks, cluster, seed, speed: "real", ...extra });
      onStart(fake);
      return await demoCloud(fake);
    },
  };
}

export const scalewayDemo = scalewayCloud();

async function demoCloud(fake: FakeScaleway): Promise<DemoCloud> {
  const { accessKey, secretKey, projectId, zone, region } = fake.credentials;
  return {
    title: `Scaleway (its API faked at ${fake.url})`,
    module: scalewayModule,
    env: {
      SCW_ACCESS_KEY: accessKey,
      SCW_SECRET_KEY: secretKey,
      SCW_DEFAULT_PROJECT_ID: projectId,
      SCW_DEFAULT_ZONE: zone,
      SCW_DEFAULT_REGION: region,
      SCW_API_URL: fake.url,
    },
    preparation: clusterDescription(),
    quickStart: await readExamples("scaleway/quick-start"),
    showcase: {
      title: "a pod of the older GPU controller's documents asks for an l4",
      files: await readExamples("scaleway/gpu"),
    },
    fill: (text) => text,
    // A volume or an address that outlives its machine keeps it from being gone.
    liveMachines: () => Math.max(fake.state().machines.length, fake.leakedVolumes().length, fake.leakedIps().length),
    machinesEver: () => fake.costSoFar().machines,
    pools: () => 0,
    complaints: async () => (await fake.invariants()).map(({ kind, message }) => `${kind}: ${message}`),
    evidence: () => evidence(fake),
    close: () => fake.close(),
  };
}

/** What kubeadm leaves in every cluster it makes, and booting machines find there. */
export function clusterDescription(): readonly KubeObject[] {
  const authority = Buffer.from(TEST_CA).toString("base64");
  const kubeconfig = [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    '  - name: ""',
    "    cluster:",
    `      server: https://${endpoint}`,
    `      certificate-authority-data: ${authority}`,
  ].join("\n");
  const map = (namespace: string, name: string, data: Readonly<Record<string, string>>): ConfigMap => ({
    apiVersion: "v1",
    kind: ConfigMaps.kind,
    metadata: { namespace, name },
    data,
  });
  const namespaces = ["kube-public", "kube-system", "karpenter"].map((name) => ({
    apiVersion: "v1",
    kind: Namespaces.kind,
    metadata: { name },
  }));
  return [
    ...namespaces,
    map("kube-public", "cluster-info", { kubeconfig }),
    map("kube-system", "kubeadm-config", { ClusterConfiguration: `kubernetesVersion: ${kubernetesVersion}` }),
  ];
}

function evidence(fake: FakeScaleway): string {
  const log = fake.requestLog();
  const { total, currency } = fake.costSoFar();
  const known = log.filter(({ auth }) => auth === "key").length;
  return `${log.length} requests, ${known} of them with the API key; the machines cost ${total.toFixed(2)} ${currency}.`;
}
