// What lets a machine in, before a real kubeadm and a real API server: discovery, token, certificate and the Node itself.

import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  ConfigMaps,
  Nodes,
  Secrets,
  type KubeObject,
  type NodeClaim,
  type Resource,
} from "@karpenter-multicloud/core/api";
import {
  BootstrapTokens,
  discoverClusterFacts,
  joinConfiguration,
  missingJoinBindings,
  PATCHES_FOLDER,
  renderUserData,
  resolveKubelet,
  systemRandom,
  tokenText,
  type BootstrapToken,
  type ClusterFacts,
  type JoinPlan,
} from "@karpenter-multicloud/core/bootstrap";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import {
  aJoinPlan,
  bootMachine,
  readUserData,
  type JoinedMachine,
} from "@karpenter-multicloud/core/testing/cloud-init";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareControlPlane } from "../control-plane/index.ts";
import { JoiningCluster } from "./joining-cluster.ts";
import { kubeadm, kubeadmIn } from "./kubeadm.ts";

interface CertificateRequest extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly certificate?: string;
    readonly conditions?: readonly { readonly type: string; readonly reason: string }[];
  };
}

const CertificateRequests: Resource<CertificateRequest> = {
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  namespaced: false,
};

const LABEL_DOMAIN = "karpenter.scaleway.com";
const NAME = "general-x7k2p";
const CLAIM: NodeClaim = {
  metadata: { name: NAME, uid: "11111111-2222-4333-8444-555555555555" },
  spec: { requirements: [], nodeClassRef: { group: LABEL_DOMAIN, kind: "ScalewayNodeClass", name: "default" } },
};
const { signal } = new AbortController();

const isThere = await prepareControlPlane("joining with kubeadm", ["controller-manager"], ["kubeadm"]);

describe.runIf(isThere)("a machine that joins with kubeadm", () => {
  let cluster: JoiningCluster;
  let facts: ClusterFacts;
  let tokens: BootstrapTokens;
  let token: BootstrapToken;
  let plan: JoinPlan;

  beforeAll(async () => {
    cluster = await JoiningCluster.start();
    facts = await discoverClusterFacts({ kube: cluster.admin }, {}, signal);
    const parts = { kube: cluster.admin, clock: new SystemClock(), random: systemRandom, labelDomain: LABEL_DOMAIN };
    tokens = new BootstrapTokens(parts);
    token = await tokens.ensure(CLAIM, minutes(30), signal);
    plan = aJoinPlan({ cluster: facts, material: { token }, kubelet: resolveKubelet({ maxPods: 37 }, 2) });
  });

  afterAll(() => cluster[Symbol.asyncDispose]());

  const joinFile = async (text: string): Promise<string> => {
    const path = join(cluster.folder, "join.yaml");
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };

  const boots = async (): Promise<JoinedMachine> => {
    const result = await bootMachine(renderUserData(plan), {
      machine: {
        name: NAME,
        id: "6f9619ff-8b86-4011-b42d-00c04fc964ff",
        providerIDs: ["scaleway://instance/fr-par-2/6f9619ff-8b86-4011-b42d-00c04fc964ff"],
        capacity: { cpu: "2", memory: "8Gi", "ephemeral-storage": "40Gi" },
      },
      cluster: {
        kube: cluster.admin,
        endpoints: [cluster.endpoint],
        caBundle: cluster.caBundle,
        version: facts.kubernetesVersion,
      },
      now: Date.now(),
    });
    if (!result.joins) throw new Error(result.reason);
    return result;
  };

  it("learns endpoint, authority and version from what kubeadm left in the cluster", () => {
    expect(facts).toMatchObject({ endpoint: cluster.endpoint, kubernetesVersion: "v1.36.3" });
    expect(facts.caBundle.trim()).toBe(cluster.caBundle.trim());
    expect(facts.caHashes[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("finds every binding that answers its request for a certificate", async () => {
    expect(await missingJoinBindings(cluster.admin, signal)).toEqual([]);
  });

  it("has a JoinConfiguration that kubeadm calls valid, for both of its versions", async () => {
    const valid = async (version: string): Promise<string> => {
      const text = joinConfiguration({ ...plan, cluster: { ...facts, kubernetesVersion: version } });
      return await kubeadm("config", "validate", "--config", await joinFile(text));
    };
    expect(await valid("v1.36.3")).toMatch(/^ok$/m);
    expect(await valid("v1.30.4")).toMatch(/^ok$/m);
  });

  it("is told by kubeadm, in a dry run of joining, what its user data says", async () => {
    const signed = async (): Promise<boolean> => {
      const map = await cluster.admin.get(ConfigMaps, { namespace: "kube-public", name: "cluster-info" });
      return `jws-kubeconfig-${token.id}` in (map.data ?? {});
    };
    await expect.poll(signed).toBe(true);
    const patches = join(cluster.folder, "patches");
    await mkdir(patches);
    for (const [path, { content }] of readUserData(renderUserData(plan)).files) {
      if (path.startsWith(`${PATCHES_FOLDER}/`)) await writeFile(join(patches, basename(path)), content);
    }
    const path = await joinFile(joinConfiguration(plan).replace(PATCHES_FOLDER, patches));
    const args = ["join", "--config", path, "--dry-run", "--ignore-preflight-errors=all", "--v=1"];
    const said = await kubeadmIn(cluster.folder, ...args);
    expect(said).toContain(
      "Cluster info signature and contents are valid and TLS certificate validates against pinned roots",
    );
    const { kubeletArgs, kubeletConfig } = await boots();
    const [, told = ""] = /^KUBELET_KUBEADM_ARGS="(.*)"$/m.exec(said) ?? [];
    const pairs = told.split(" --").map((text) => /^(?:--)?([^=]+)=(.*)$/.exec(text)?.slice(1) ?? []);
    expect(Object.fromEntries(pairs)).toEqual(kubeletArgs);
    const written = said.slice(said.indexOf('Would write file "/var/lib/kubelet/config.yaml"'));
    expect(written).toContain(`maxPods: ${String(kubeletConfig["maxPods"])}\n`);
    expect(written).toContain("kubeReserved:\n  cpu: 70m\n  ephemeral-storage: 1Gi\n  memory: 662Mi\n");
  });

  it("is refused by kubeadm when the CA hash is of another cluster", async () => {
    const caHashes = [`sha256:${"0".repeat(64)}`];
    const text = joinConfiguration({ ...plan, cluster: { ...facts, caHashes } });
    const path = await joinFile(`${text}timeouts:\n  discovery: 60s\n`);
    const joined = kubeadm("join", "phase", "preflight", "--config", path, "--ignore-preflight-errors=all");
    await expect(joined).rejects.toThrow(/none of the public keys "sha256:[0-9a-f:sh]+" are pinned/);
  });

  it("gets a certificate for its token, and with it registers the very Node that its user data promises", async () => {
    const stranger = await cluster.clientAs("token", { token: tokenText(token) });
    await expect(stranger.list(Secrets, { namespace: "kube-system" })).rejects.toMatchObject({ code: 403 });
    const { request, key } = await cluster.kubeletRequest(NAME);
    await stranger.create(CertificateRequests, {
      metadata: { name: NAME },
      spec: {
        request: Buffer.from(request, "utf8").toString("base64"),
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        usages: ["digital signature", "client auth"],
      },
    });
    const certificate = async (): Promise<string> =>
      (await cluster.admin.get(CertificateRequests, { name: NAME })).status?.certificate ?? "";
    await expect.poll(certificate).not.toBe("");
    const kubelet = await cluster.clientAs("kubelet", {
      "client-certificate-data": await certificate(),
      "client-key-data": Buffer.from(key, "utf8").toString("base64"),
    });
    const { node } = await boots();
    const registered = await kubelet.create(Nodes, node);
    expect(registered.metadata.labels).toEqual(node.metadata.labels);
    expect(registered.spec?.taints).toEqual(expect.arrayContaining([...(node.spec?.taints ?? [])]));
    const foreign = { ...node, metadata: { ...node.metadata, labels: { "node-role.kubernetes.io/gpu": "" } } };
    await cluster.admin.delete(Nodes, { name: NAME });
    await expect(kubelet.create(Nodes, foreign)).rejects.toMatchObject({ code: 403 });
  });

  it("T-49: leaves no token behind: its Secret goes, and nobody gets in with it any more", async () => {
    expect(await tokens.ensure(CLAIM, minutes(30), signal)).toEqual(token);
    await tokens.remove(CLAIM.metadata.uid ?? "", signal);
    expect(await tokens.list(signal)).toEqual([]);
    const stranger = await cluster.clientAs("late", { token: tokenText(token) });
    await expect.poll(() => stranger.list(Nodes).catch((error: { code: number }) => error.code)).toBe(401);
  });
});
