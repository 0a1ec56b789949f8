import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  aJoinPlan,
  bootMachine,
  joiningSurroundings,
  readUserData,
  TEST_CA,
  TEST_CLUSTER,
} from "../../testing/cloud-init/index.ts";
import { BootstrapError, caBundleDigest, renderUserData, type JoinPlan } from "../index.ts";

const UUID = "6f9619ff-8b86-4011-b42d-00c04fc964ff";
const PROVIDER_ID = `scaleway://instance/fr-par-2/${UUID}`;
const KOSMOS = { POOL_ID: "pool", POOL_REGION: "fr-par", SCW_SECRET_KEY: "it's a key" };
const TALOS = [
  "version: v1alpha1",
  "machine:",
  "  type: worker",
  "  token: talos.token",
  "  kubelet: { image: example.com/kubelet }",
  "cluster:",
  `  controlPlane: { endpoint: "https://${TEST_CLUSTER.endpoint}" }`,
  "---",
  "apiVersion: v1alpha1",
  "kind: SideroLinkConfig",
  "",
].join("\n");

function reasonFor(over: Partial<JoinPlan>): string {
  try {
    renderUserData(aJoinPlan(over));
    return "none";
  } catch (error) {
    if (BootstrapError.is(error)) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

describe("joining with k3s", () => {
  it("carries a token of its own that names the cluster's authority", async () => {
    const text = renderUserData(aJoinPlan({ mode: "k3s" }));
    const config = parse(readUserData(text).files.get("/etc/rancher/k3s/config.yaml")?.content ?? "");
    expect(config).toMatchObject({
      server: "https://203.0.113.10:6443",
      token: `K10${caBundleDigest(TEST_CA)}::abc123.0123456789abcdef`,
      "node-name": "general-x7k2p",
      "node-taint": ["dedicated=ml:NoSchedule", "karpenter.sh/unregistered:NoExecute"],
    });
    expect(config).toHaveProperty("kubelet-arg", expect.arrayContaining([`provider-id=${PROVIDER_ID}`]));
    const surroundings = await joiningSurroundings({ group: "system:bootstrappers:k3s:default-node-token" });
    expect(await bootMachine(text, surroundings)).toMatchObject({
      joins: true,
      node: { spec: { providerID: PROVIDER_ID } },
    });
  });

  it("does not join with kubeadm's group or another authority", async () => {
    const text = renderUserData(aJoinPlan({ mode: "k3s" }));
    expect(await bootMachine(text, await joiningSurroundings())).toMatchObject({ joins: false });
    const other = { ...TEST_CLUSTER, caBundle: `${TEST_CA}\n` };
    const group = "system:bootstrappers:k3s:default-node-token";
    const result = await bootMachine(
      renderUserData(aJoinPlan({ mode: "k3s", cluster: other })),
      await joiningSurroundings({ group }),
    );
    expect(result).toEqual({ joins: false, reason: "the token is of another cluster" });
  });

  it("installs the cluster's own release when its version names one", () => {
    const cluster = { ...TEST_CLUSTER, kubernetesVersion: "v1.33.4+k3s1" };
    expect(renderUserData(aJoinPlan({ mode: "k3s", cluster }))).toContain("INSTALL_K3S_VERSION='v1.33.4+k3s1'");
    expect(renderUserData(aJoinPlan({ mode: "k3s" }))).not.toContain("INSTALL_K3S_VERSION");
  });
});

describe("joining with RKE2", () => {
  it("registers at port 9345 with the user's token", async () => {
    const text = renderUserData(aJoinPlan({ mode: "rke2", material: { secret: { token: "K10x::server:y\n" } } }));
    const config = parse(readUserData(text).files.get("/etc/rancher/rke2/config.yaml")?.content ?? "");
    expect(config).toMatchObject({ server: "https://203.0.113.10:9345", token: "K10x::server:y" });
    const surroundings = await joiningSurroundings({ cluster: { joinSecrets: ["K10x::server:y"] } });
    expect(await bootMachine(text, surroundings)).toMatchObject({ joins: true });
    expect(await bootMachine(text, await joiningSurroundings())).toMatchObject({ joins: false });
  });

  it("says which key of the Secret is missing", () => {
    expect(reasonFor({ mode: "rke2", material: { secret: {} } })).toMatch(/^TokenSourceMissing: .*key token/);
  });
});

describe("joining with Talos", () => {
  const talos = { mode: "talos", material: { secret: { machineConfig: TALOS } } } as const;

  it("patches the worker's configuration and keeps everything else", async () => {
    const text = renderUserData(aJoinPlan(talos));
    expect(text).toContain("kind: SideroLinkConfig");
    expect(text).toContain("image: example.com/kubelet");
    const surroundings = await joiningSurroundings({ cluster: { joinSecrets: ["talos.token"] } });
    expect(await bootMachine(text, surroundings)).toMatchObject({
      joins: true,
      kubeletArgs: { "provider-id": PROVIDER_ID, "hostname-override": "general-x7k2p" },
      kubeletConfig: { maxPods: 110 },
    });
  });

  it("refuses what Talos cannot do: scripts, second parts, a configuration that is none", () => {
    const { node } = aJoinPlan();
    const providerID = { prefix: "cloudstack://", lookups: ["id"] };
    expect(reasonFor({ ...talos, node: { ...node, providerID } })).toMatch(/^ProviderIDUnknown/);
    expect(reasonFor({ ...talos, userData: "#!/bin/sh\n" })).toMatch(/^InvalidUserData/);
    expect(reasonFor({ ...talos, material: { secret: { machineConfig: "a: b" } } })).toMatch(/^JoinMaterialInvalid/);
    expect(reasonFor({ ...talos, material: { secret: { machineConfig: "a: [" } } })).toMatch(/^JoinMaterialInvalid/);
  });
});

describe("joining a Kosmos cluster", () => {
  it("hands the agent its pool and its own key", async () => {
    const text = renderUserData(
      aJoinPlan({ mode: "kosmos", material: { secret: { ...KOSMOS, SCW_SECRET_KEY: "key" } } }),
    );
    const surroundings = await joiningSurroundings({ cluster: { joinSecrets: ["key"] } });
    expect(await bootMachine(text, surroundings)).toMatchObject({
      joins: true,
      node: { metadata: { name: "general-x7k2p" } },
    });
    expect(await bootMachine(text, await joiningSurroundings())).toMatchObject({ joins: false });
  });

  it("quotes whatever the Secret holds, and refuses several lines", () => {
    const text = renderUserData(aJoinPlan({ mode: "kosmos", material: { secret: KOSMOS } }));
    const { content = "" } = readUserData(text).files.get("/etc/karpenter/node-agent.env") ?? {};
    expect(content).toContain(`SCW_SECRET_KEY='it'\\''s a key'`);
    const secret = { ...KOSMOS, POOL_ID: "a\nrm -rf /" };
    expect(reasonFor({ mode: "kosmos", material: { secret } })).toMatch(/^JoinMaterialInvalid/);
  });
});

describe("custom user data", () => {
  it("is filled in and otherwise left as it is", () => {
    const userData =
      "#!/bin/bash\necho {{ .NodeName }} {{.Endpoint}} {{ .TokenId }} {{ v1.instance_id }} {{ ds.meta_data.x }}\n";
    expect(renderUserData(aJoinPlan({ mode: "custom", userData }))).toBe(
      "#!/bin/bash\necho general-x7k2p 203.0.113.10:6443 abc123 {{ v1.instance_id }} {{ ds.meta_data.x }}\n",
    );
  });

  it("must be of a kind that a machine reads", () => {
    expect(reasonFor({ mode: "custom", userData: "echo hello" })).toMatch(/^InvalidUserData/);
    expect(reasonFor({ mode: "custom", userData: TALOS })).toBe("none");
    expect(reasonFor({ mode: "custom", userData: '{"ignition":{"version":"3.4.0"}}' })).toBe("none");
    expect(reasonFor({ mode: "kubeadm", userData: '{"ignition":{"version":"3.4.0"}}' })).toMatch(/^InvalidUserData/);
  });

  it("names a variable that nobody knows", () => {
    const userData = "#!/bin/bash\necho {{ .NodeNam }} {{ .Tokn }}\n";
    expect(reasonFor({ userData })).toBe("UnknownVariable: unknown variable {{ .NodeNam }}, {{ .Tokn }} in user data");
    expect(reasonFor({ settings: { preScript: "{{ .X }}" } })).toMatch(/^UnknownVariable/);
    const node = { ...aJoinPlan().node, variables: { ZoneID: "z-1" } };
    expect(renderUserData(aJoinPlan({ mode: "custom", node, userData: "#!{{ .ZoneID }}" }))).toBe("#!z-1");
  });
});

describe("what cannot be said safely", () => {
  const { node } = aJoinPlan();
  it.each([
    ["a label with a comma", { node: { ...node, labels: { a: "b,karpenter.sh/registered=true" } } }, /^InvalidNode/],
    ["a label with a line break", { node: { ...node, labels: { a: "b\nc" } } }, /^InvalidNode/],
    ["a label key with a quote", { node: { ...node, labels: { "a'b": "c" } } }, /^InvalidNode/],
    ["a taint with a command", { node: { ...node, taints: [{ key: "$(id)", effect: "NoSchedule" }] } }, /^InvalidNode/],
    ["a node name with a slash", { node: { ...node, nodeName: "../x" } }, /^InvalidNode/],
    ["a provider id with a bar", { node: { ...node, providerID: { known: "a://b|c" } } }, /^InvalidNode/],
    ["an interface with a command", { node: { ...node, nodeIPInterface: "$(id)" } }, /^InvalidNode/],
    ["a kubelet argument that undoes ours", { kubelet: { extraArgs: { "provider-id": "x" } } }, /^InvalidKubelet/],
    ["a kubelet argument with a line break", { kubelet: { extraArgs: { v: "2\n3" } } }, /^InvalidKubelet/],
    ["a repository with a quote", { settings: { packageRepository: "https://x/'; id" } }, /^InvalidUserData/],
    [
      "no lookup for the machine's id",
      { node: { ...node, providerID: { prefix: "a://", lookups: [] } } },
      /^ProviderIDUnknown/,
    ],
    ["no token", { material: { none: true } }, /^TokenSourceMissing/],
  ] as const)("%s is refused", (_what, over, reason) => {
    expect(reasonFor(over)).toMatch(reason);
    expect(reasonFor(over)).not.toContain("0123456789abcdef");
  });

  it("nothing of a cluster that nobody has described", () => {
    const { cluster: _, ...plan } = aJoinPlan();
    expect(() => renderUserData(plan)).toThrow("mode kubeadm must know the cluster");
  });
});
