// A machine on its way into a cluster, for tests of what joins it: plan, cluster and surroundings that fit together.

import type { NodeClaim } from "../../api/index.ts";
import {
  resolveKubelet,
  tokenSecret,
  type BootstrapToken,
  type ClusterFacts,
  type JoiningNode,
  type JoinPlan,
} from "../../bootstrap/index.ts";
import { Secrets } from "../../api/index.ts";
import { InMemoryKube } from "../in-memory-kube/index.ts";
import type { MachineSurroundings } from "./surroundings.ts";

export const TEST_CA = `-----BEGIN CERTIFICATE-----
MIIBgjCCASegAwIBAgIUHGmInSmW1PFsnPmqNpkdOWCBQGgwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjEyMDE4MjRaGA8yMTI2MTAy
ODIwMTgyNFowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABMEal5Ke0BGqCCeZlKc51o8UHuAU54vqzIFcP88jTq0NVksjAMze
WeVybmeMcNqH8spNSjXjL7dN7CP4eont4ZGjUzBRMB0GA1UdDgQWBBS27QK1Sa2B
9wITIfswbth/xgO/lDAfBgNVHSMEGDAWgBS27QK1Sa2B9wITIfswbth/xgO/lDAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQD3OP57xZwK0EP0mXS5
TLX3vFNx6P9iaPeZ0QlYdqvEtAIhAO98nMxhkPB78SM5PzmtPyfAMMWJ0y+jwneb
jECeCsLp
-----END CERTIFICATE-----
`;
export const TEST_CA_HASH = "sha256:9537d8792c45b65aa16c2b1fd7c66cb755259f47ac90f11cbb9ae4d02b59dfd1";
export const OTHER_CA = `-----BEGIN CERTIFICATE-----
MIIBdjCCAR2gAwIBAgIUANMXFIL0FmaVPB2NwZDLnjJLCiMwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFb3RoZXIwIBcNMjYxMTIxMjAxODI1WhgPMjEyNjEwMjgyMDE4
MjVaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
TQ1Gyuuv4bXRyqSOtR4HWlhCPrt9j3rSg3YXM0H4cqs2Vu+qh/AXuzQHAwqZ6FkJ
jzsvkqGhwTZmUZ8tRzi/6qNTMFEwHQYDVR0OBBYEFIkujLX8vnxa8+lIoo1c/vm6
0YYwMB8GA1UdIwQYMBaAFIkujLX8vnxa8+lIoo1c/vm60YYwMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgEXDS8m/3h8XI/nxTD+N74CMOgnm/cF7p
QaBvCLdfnR0CIHlML+VKf1KyAnH3QOIyEITPn+wWol+LXb2yskzrYqPH
-----END CERTIFICATE-----
`;

export const TEST_NOW = Date.parse("2026-03-01T12:00:00Z");
export const TEST_TOKEN: BootstrapToken = {
  id: "abc123",
  secret: "0123456789abcdef",
  expiresAt: TEST_NOW + 30 * 60_000,
};

export const TEST_CLUSTER: ClusterFacts = {
  endpoint: "203.0.113.10:6443",
  caBundle: TEST_CA,
  caHashes: [TEST_CA_HASH],
  clusterDNS: ["10.96.0.10"],
  kubernetesVersion: "v1.36.3",
};

const TEST_JOINING_NODE: JoiningNode = {
  clusterName: "prod",
  nodeName: "general-x7k2p",
  nodePool: "general",
  nodeClaim: "general-x7k2p",
  nodeClaimUID: "11111111-2222-4333-8444-555555555555",
  zone: "fr-par-2",
  region: "fr-par",
  instanceType: "PRO2-S",
  providerID: { known: "scaleway://instance/fr-par-2/6f9619ff-8b86-4011-b42d-00c04fc964ff" },
  labels: {
    "karpenter.sh/nodepool": "general",
    "karpenter.sh/capacity-type": "on-demand",
    "node.kubernetes.io/instance-type": "PRO2-S",
    "topology.kubernetes.io/zone": "fr-par-2",
    team: "ml",
  },
  taints: [{ key: "dedicated", value: "ml", effect: "NoSchedule" }],
};

export function aJoinPlan(over: Partial<JoinPlan> = {}): JoinPlan {
  return {
    mode: "kubeadm",
    cluster: TEST_CLUSTER,
    node: TEST_JOINING_NODE,
    material: { token: TEST_TOKEN },
    kubelet: resolveKubelet({}, 2),
    ...over,
  };
}

/** The claim of TEST_JOINING_NODE, as far as a token knows it. */
function aJoiningClaim(): NodeClaim {
  return {
    metadata: { name: TEST_JOINING_NODE.nodeClaim, uid: TEST_JOINING_NODE.nodeClaimUID },
    spec: {
      requirements: [],
      nodeClassRef: { group: "karpenter.scaleway.com", kind: "ScalewayNodeClass", name: "default" },
    },
  };
}

export interface SurroundingsOptions {
  readonly token?: BootstrapToken;
  readonly group?: string;
  readonly machine?: Partial<MachineSurroundings["machine"]>;
  readonly cluster?: Partial<MachineSurroundings["cluster"]>;
  readonly now?: number;
}

/** Where the machine of `aJoinPlan()` joins, with its token stored. */
export async function joiningSurroundings(options: SurroundingsOptions = {}): Promise<MachineSurroundings> {
  const { token = TEST_TOKEN, group = "system:bootstrappers:kubeadm:default-node-token", now = TEST_NOW } = options;
  const kube = new InMemoryKube({ now: () => now, customResources: [] });
  await kube.create(Secrets, tokenSecret(token, aJoiningClaim(), { labelDomain: "karpenter.scaleway.com", group }));
  return {
    machine: {
      name: TEST_JOINING_NODE.nodeName,
      id: "6f9619ff-8b86-4011-b42d-00c04fc964ff",
      providerIDs: ["scaleway://instance/fr-par-2/6f9619ff-8b86-4011-b42d-00c04fc964ff"],
      capacity: { cpu: "2", memory: "8Gi", "ephemeral-storage": "40Gi" },
      ...options.machine,
    },
    cluster: {
      kube,
      endpoints: [TEST_CLUSTER.endpoint],
      caBundle: TEST_CA,
      version: TEST_CLUSTER.kubernetesVersion,
      ...options.cluster,
    },
    now,
  };
}
