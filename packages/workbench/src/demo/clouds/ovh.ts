// The demo on OVHcloud: a fake of its API over HTTPS with its own certificate authority, reached through node-ovh.

import { Namespaces, Secrets, type KubeObject } from "@karpenter-multicloud/core/api";
import { OVH_CUSTOM_RESOURCES, ovhModule } from "@karpenter-multicloud/provider-ovh";
import {
  startFakeOvh,
  type FakeOvh,
  type FakeOvhOptions,
  type SeedCluster,
} from "@karpenter-multicloud/provider-ovh/testing";
import type { CloudContext, CloudOpener, DemoCloud, ManifestFile } from "../demo-cloud.ts";
import { readExamples } from "../manifests.ts";

/** `onStart` gets the fake before anything talks to it, to break it or to look into it. */
export function ovhCloud(
  extra: Partial<FakeOvhOptions> = {},
  onStart: (fake: FakeOvh) => void = () => {},
): CloudOpener {
  return {
    customResources: OVH_CUSTOM_RESOURCES,
    async open({ clock, hooks, seed }: CloudContext, files: readonly ManifestFile[]): Promise<DemoCloud> {
      const cluster = clusterOf(files);
      const clusters = cluster ? { clusters: [cluster] } : {};
      const fake = await startFakeOvh({ clock, hooks, seed, speed: "real", ...clusters, ...extra });
      onStart(fake);
      return await demoCloud(fake);
    },
  };
}

export const ovhDemo = ovhCloud();

async function demoCloud(fake: FakeOvh): Promise<DemoCloud> {
  return {
    title: `OVHcloud (its API faked at ${fake.origin})`,
    module: ovhModule,
    env: { OVH_ENDPOINT: fake.url, ...(fake.caFile ? { OVH_CA_FILE: fake.caFile } : {}) },
    preparation: preparation(fake),
    quickStart: await readExamples("ovh/quick-start"),
    fill: (text) =>
      text
        .replaceAll("your-project-id", fake.credentials.serviceName)
        .replaceAll("your-cluster-id", fake.credentials.kubeId),
    liveMachines: () => fake.state().machines.length,
    machinesEver: () => fake.costSoFar().machines,
    pools: () => fake.state().pools.length,
    complaints: async () => (await fake.invariants()).map(({ kind, message }) => `${kind}: ${message}`),
    evidence: () => evidence(fake),
    close: () => fake.close(),
  };
}

/** The user's own NodeClass may name a project, cluster and region: then the fake has exactly these. */
function clusterOf(files: readonly ManifestFile[]): SeedCluster | undefined {
  const text = files.map((file) => file.text).join("\n");
  const kubeId = /^\s*kubeId:\s*"?([0-9a-f]{8}-[0-9a-f-]{27})"?/m.exec(text)?.[1];
  const serviceName = /^\s*serviceName:\s*"?([0-9a-f]{32})"?/m.exec(text)?.[1];
  const region = /^\s*region:\s*"?([A-Z0-9-]+)"?/m.exec(text)?.[1];
  if (!kubeId && !serviceName && !region) return undefined;
  return {
    kubeId: kubeId ?? "11111111-2222-4333-8444-555555555555",
    ...(serviceName ? { serviceName } : {}),
    ...(region ? { region } : {}),
  };
}

function preparation(fake: FakeOvh): readonly KubeObject[] {
  const { applicationKey, applicationSecret, consumerKey } = fake.credentials;
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  const secret = {
    apiVersion: "v1",
    kind: Secrets.kind,
    metadata: { name: "ovh-credentials", namespace: "karpenter" },
    type: "Opaque",
    data: {
      applicationKey: encoded(applicationKey),
      applicationSecret: encoded(applicationSecret),
      consumerKey: encoded(consumerKey),
    },
  };
  return [{ apiVersion: "v1", kind: Namespaces.kind, metadata: { name: "karpenter" } }, secret];
}

function evidence(fake: FakeOvh): string {
  const log = fake.requestLog();
  const signed = log.filter((request) => request.auth === "signed").length;
  const { total, currency } = fake.costSoFar();
  return `${log.length} requests over HTTPS, ${signed} of them signed by node-ovh; the machines cost ${total.toFixed(2)} ${currency}.`;
}
