import { describe, expect, it } from "vitest";
import { ConfigMaps, Nodes, Services } from "../api/index.ts";
import { OTHER_CA, TEST_CA, TEST_CA_HASH } from "../testing/cloud-init/index.ts";
import { InMemoryKube } from "../testing/index.ts";
import {
  BootstrapError,
  caHashes,
  discoverClusterFacts,
  hasClusterInfo,
  hostAndPort,
  missingJoinBindings,
  newestVersion,
  parseVersion,
} from "./index.ts";

const { signal } = new AbortController();

function emptyCluster(): InMemoryKube {
  return new InMemoryKube({ now: () => 0, customResources: [] });
}

async function kubeadmCluster(): Promise<InMemoryKube> {
  const kube = emptyCluster();
  const data = Buffer.from(TEST_CA).toString("base64");
  const kubeconfig = `apiVersion: v1\nkind: Config\nclusters:\n- name: ""\n  cluster:\n    server: https://203.0.113.10:6443\n    certificate-authority-data: ${data}\n`;
  await kube.create(ConfigMaps, { metadata: { namespace: "kube-public", name: "cluster-info" }, data: { kubeconfig } });
  const ClusterConfiguration = "apiVersion: kubeadm.k8s.io/v1beta4\nkubernetesVersion: v1.36.3\n";
  await kube.create(ConfigMaps, {
    metadata: { namespace: "kube-system", name: "kubeadm-config" },
    data: { ClusterConfiguration },
  });
  const spec = { clusterIP: "10.96.0.10", ports: [{ port: 53 }] };
  await kube.create(Services, { metadata: { namespace: "kube-system", name: "kube-dns" }, spec });
  return kube;
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    if (BootstrapError.is(error)) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

describe("facts about the cluster", () => {
  it("W-47: come from what kubeadm left in the cluster", async () => {
    const kube = await kubeadmCluster();
    expect(await discoverClusterFacts({ kube }, {}, signal)).toEqual({
      endpoint: "203.0.113.10:6443",
      caBundle: TEST_CA,
      caHashes: [TEST_CA_HASH],
      clusterDNS: ["10.96.0.10"],
      kubernetesVersion: "v1.36.3",
    });
    expect(await hasClusterInfo(kube, signal)).toBe(true);
  });

  it("can each be told by the class instead", async () => {
    const kube = await kubeadmCluster();
    const over = {
      endpoint: "api.example.com",
      caBundle: OTHER_CA,
      caHashes: ["sha256:1"],
      clusterDNS: ["10.0.0.2"],
      kubernetesVersion: "1.35.1",
    };
    const facts = await discoverClusterFacts({ kube }, over, signal);
    expect(facts).toEqual({ ...over, endpoint: "api.example.com:6443", kubernetesVersion: "v1.35.1" });
  });

  it("take an authority that every namespace has, and the newest kubelet's version", async () => {
    const kube = emptyCluster();
    await kube.create(ConfigMaps, {
      metadata: { namespace: "kube-public", name: "kube-root-ca.crt" },
      data: { "ca.crt": TEST_CA },
    });
    for (const [name, kubeletVersion] of [
      ["a", "v1.33.4+k3s1"],
      ["b", "v1.32.9+k3s1"],
    ] as const) {
      await kube.create(Nodes, { metadata: { name }, status: { nodeInfo: { kubeletVersion } } });
      await kube.patchStatus(Nodes, { name }, { type: "merge", body: { status: { nodeInfo: { kubeletVersion } } } });
    }
    const facts = await discoverClusterFacts({ kube }, { endpoint: "https://10.0.0.1:6443" }, signal);
    expect(facts).toMatchObject({ caHashes: [TEST_CA_HASH], kubernetesVersion: "v1.33.4+k3s1", clusterDNS: [] });
    expect(await hasClusterInfo(kube, signal)).toBe(false);
  });

  it("take the server of the controller's own kubeconfig last", async () => {
    const own = { server: "https://198.51.100.7:6443", caBundle: TEST_CA };
    const over = { kubernetesVersion: "v1.36.3" };
    expect(await discoverClusterFacts({ kube: emptyCluster(), own }, over, signal)).toMatchObject({
      endpoint: "198.51.100.7:6443",
      caHashes: [TEST_CA_HASH],
    });
  });

  it("say what is missing", async () => {
    const kube = emptyCluster();
    const endpoint = "10.0.0.1";
    expect(await reasonOf(discoverClusterFacts({ kube }, {}, signal))).toMatch(
      /no address of the API server.*CLUSTER_ENDPOINT/,
    );
    expect(await reasonOf(discoverClusterFacts({ kube }, { endpoint }, signal))).toMatch(/no CA bundle/);
    const over = { endpoint, caBundle: TEST_CA };
    expect(await reasonOf(discoverClusterFacts({ kube }, over, signal))).toMatch(
      /version is unknown.*kubernetesVersion/,
    );
    expect(await reasonOf(discoverClusterFacts({ kube }, { ...over, caBundle: "x" }, signal))).toMatch(
      /no certificate/,
    );
  });
});

describe("rights of joining", () => {
  it("W-47: are missed by name", async () => {
    expect(await missingJoinBindings(emptyCluster(), signal)).toEqual([
      "kubeadm:kubelet-bootstrap",
      "kubeadm:node-autoapprove-bootstrap",
      "kubeadm:node-autoapprove-certificate-rotation",
    ]);
  });
});

describe("addresses and versions", () => {
  it.each([
    ["https://203.0.113.10:6443", "203.0.113.10:6443"],
    ["https://api.example.com", "api.example.com:443"],
    ["https://api.example.com:443/", "api.example.com:443"],
    ["api.example.com", "api.example.com:6443"],
    ["api.example.com:443", "api.example.com:443"],
    ["[2001:db8::1]", "[2001:db8::1]:6443"],
    ["https://[2001:db8::1]:6443", "[2001:db8::1]:6443"],
  ])("reads %s", (text, expected) => {
    expect(hostAndPort(text)).toBe(expected);
  });

  it.each(["http://10.0.0.1:6443", "https://", "a b"])("refuses %s", (text) => {
    expect(() => hostAndPort(text)).toThrow(BootstrapError);
  });

  it("hashes every authority of a bundle, as openssl does", () => {
    expect(caHashes(`${TEST_CA}${OTHER_CA}`)).toHaveLength(2);
    expect(caHashes(`${TEST_CA}${TEST_CA}`)).toEqual([TEST_CA_HASH]);
    expect(() => caHashes("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")).toThrow(/unreadable/);
  });

  it("knows which version is newer", () => {
    expect(newestVersion(["v1.9.3", "", "v1.10.0", "nonsense"])).toBe("v1.10.0");
    expect(newestVersion(["", "x"])).toBeUndefined();
    expect(parseVersion("1.36.3+k3s1")).toEqual({ text: "v1.36.3+k3s1", minor: 36, patch: 3 });
    expect(() => parseVersion("1.36")).toThrow(BootstrapError);
  });
});
