// The demo on Apache CloudStack: a fake of its API, reached over HTTP; its machines join by reading their own cloud-init.

import { TEST_CA, TEST_CLUSTER } from "@karpenter-multicloud/core/testing/cloud-init";
import { CLOUDSTACK_CUSTOM_RESOURCES, cloudstackModule } from "@karpenter-multicloud/provider-cloudstack";
import {
  startFakeCloudStack,
  type FakeCloudStack,
  type FakeCloudStackOptions,
} from "@karpenter-multicloud/provider-cloudstack/testing";
import type { CloudContext, CloudOpener, DemoCloud } from "../demo-cloud.ts";
import { readExamples } from "../manifests.ts";
import { clusterDescription } from "./scaleway.ts";

const { endpoint, kubernetesVersion } = TEST_CLUSTER;

/** Machines that the first zone takes at a time: fewer than the demo asks for. */
const FIRST_ZONE = 3;

/** `onStart` gets the fake before anything talks to it, to break it or to look into it. */
export function cloudStackCloud(
  extra: Partial<FakeCloudStackOptions> = {},
  onStart: (fake: FakeCloudStack) => void = () => {},
): CloudOpener {
  return {
    customResources: CLOUDSTACK_CUSTOM_RESOURCES,
    async open({ clock, hooks, kube, seed }: CloudContext): Promise<DemoCloud> {
      const cluster = { kube, endpoints: [endpoint], caBundle: TEST_CA, version: kubernetesVersion };
      const capacity = { "zone-01": FIRST_ZONE };
      const shared = { clock, hooks, cluster, seed, speed: "real", as: "admin", unlimited: true, capacity } as const;
      const fake = await startFakeCloudStack({ ...shared, ...extra });
      onStart(fake);
      return await demoCloud(fake);
    },
  };
}

export const cloudStackDemo = cloudStackCloud();

async function demoCloud(fake: FakeCloudStack): Promise<DemoCloud> {
  const { apiUrl, apiKey, secretKey } = fake.credentials;
  return {
    title: `Apache CloudStack (its API faked at ${fake.url})`,
    module: cloudstackModule,
    env: { CLOUDSTACK_API_URL: apiUrl, CLOUDSTACK_API_KEY: apiKey, CLOUDSTACK_SECRET_KEY: secretKey },
    preparation: clusterDescription(),
    quickStart: await readExamples("cloudstack/quick-start"),
    showcase: {
      title: `more pods than zone-01 has machines for: it takes ${FIRST_ZONE}, the next ones come from zone-02`,
      files: await readExamples("cloudstack/fallback"),
    },
    fill: (text) => text,
    // A disk that outlives its machine keeps it from being gone.
    liveMachines: () => Math.max(fake.state().machines.length, fake.state().volumes.length),
    machinesEver: () => fake.costSoFar().machines,
    pools: () => 0,
    complaints: async () => (await fake.invariants()).map(({ kind, message }) => `${kind}: ${message}`),
    evidence: () => evidence(fake),
    close: () => fake.close(),
  };
}

function evidence(fake: FakeCloudStack): string {
  const log = fake.requestLog();
  const signed = log.filter(({ auth }) => auth === "key").length;
  const zones = new Map<string, number>();
  for (const { operation, body, status } of log) {
    if (operation !== "deployVirtualMachine" || status !== 200) continue;
    const zone =
      (body as Readonly<Record<string, string>>)["zoneid"] === fake.credentials.zoneId ? "zone-01" : "zone-02";
    zones.set(zone, (zones.get(zone) ?? 0) + 1);
  }
  const orders = [...zones].map(([zone, count]) => `${count} in ${zone}`).join(", ");
  return `${log.length} requests, ${signed} of them signed; machines ordered: ${orders || "none"}.`;
}
