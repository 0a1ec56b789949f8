// A real control plane that machines can join: set up by kubeadm, with tokens, an authority for nodes, and clients for everybody.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { startControlPlane, VERSIONS, type ControlPlane } from "../control-plane/index.ts";
import { kubeadm } from "./kubeadm.ts";

export class JoiningCluster implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly admin: KubeClient;
  readonly folder: string;
  readonly #caBundle: string;

  private constructor(plane: ControlPlane, folder: string, caBundle: string) {
    this.plane = plane;
    this.folder = folder;
    this.#caBundle = caBundle;
    this.admin = clientOf(plane.kubeconfigPath);
  }

  static async start(crds: readonly object[] = []): Promise<JoiningCluster> {
    const folder = await mkdtemp(join(tmpdir(), "kmc-joining-"));
    try {
      await kubeadm("init", "phase", "certs", "ca", "--cert-dir", folder, "--kubernetes-version", VERSIONS.kubernetes);
      const nodeAuthority = { certFile: join(folder, "ca.crt"), keyFile: join(folder, "ca.key") };
      const plane = await startControlPlane({ components: ["controller-manager"], nodeAuthority, crds });
      const cluster = new JoiningCluster(plane, folder, await readFile(plane.caFile, "utf8"));
      await cluster.#setUp();
      return cluster;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get caBundle(): string {
    return this.#caBundle;
  }

  /** host:port */
  get endpoint(): string {
    return new URL(this.plane.url).host;
  }

  /** As somebody with this bearer token, or this certificate and key in PEM. */
  async clientAs(name: string, user: object): Promise<KubeClient> {
    const path = join(this.folder, `${name}.kubeconfig`);
    await writeFile(path, this.#kubeconfig(user), { mode: 0o600 });
    return clientOf(path);
  }

  /** As a pod with that service account, which must exist. */
  async clientOfServiceAccount(namespace: string, name: string): Promise<KubeClient> {
    return clientOf(await this.plane.kubeconfig(`system:serviceaccount:${namespace}:${name}`));
  }

  /** A request for a kubelet's certificate in PEM, and its key. */
  async kubeletRequest(nodeName: string): Promise<{ readonly request: string; readonly key: string }> {
    const folder = join(this.folder, `request-${nodeName}`);
    await mkdir(folder);
    const config = await this.#config(nodeName);
    await kubeadm(
      "certs",
      "generate-csr",
      "--config",
      config,
      "--kubeconfig-dir",
      folder,
      "--cert-dir",
      join(folder, "pki"),
    );
    const request = await readFile(join(folder, "kubelet.conf.csr"), "utf8");
    const data = /client-key-data: (\S+)/.exec(await readFile(join(folder, "kubelet.conf"), "utf8"))?.[1] ?? "";
    return { request, key: Buffer.from(data, "base64").toString("utf8") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The ConfigMaps and the rights that `kubeadm init` gives a cluster. */
  async #setUp(): Promise<void> {
    const admin = join(this.folder, "admin.kubeconfig");
    await writeFile(admin, this.#kubeconfig({ token: this.plane.adminToken }), { mode: 0o600 });
    const config = await this.#config("control-plane");
    await kubeadm("init", "phase", "upload-config", "all", "--config", config, "--kubeconfig", admin);
    await kubeadm("init", "phase", "bootstrap-token", "--config", config, "--kubeconfig", admin, "--skip-token-print");
  }

  async #config(nodeName: string): Promise<string> {
    const path = join(this.folder, `config-${nodeName}.yaml`);
    const common = { apiVersion: "kubeadm.k8s.io/v1beta4" };
    const documents = [
      {
        ...common,
        kind: "InitConfiguration",
        nodeRegistration: { name: nodeName, criSocket: "unix:///run/containerd/containerd.sock" },
      },
      {
        ...common,
        kind: "ClusterConfiguration",
        kubernetesVersion: VERSIONS.kubernetes,
        controlPlaneEndpoint: this.endpoint,
      },
    ];
    await writeFile(path, documents.map((document) => JSON.stringify(document)).join("\n---\n"));
    return path;
  }

  #kubeconfig(user: object): string {
    const name = "joining";
    const data = Buffer.from(this.#caBundle, "utf8").toString("base64");
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server: this.plane.url, "certificate-authority-data": data } }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    });
  }
}

function clientOf(kubeconfig: string): KubeClient {
  return createKubeClient({ kubeconfig, clock: new SystemClock(), logger: silentLogger });
}
