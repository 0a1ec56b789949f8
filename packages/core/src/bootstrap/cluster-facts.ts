// What a machine must know of the cluster it joins: told by the node class, else read from the cluster itself (W-47, C-72).

import { ConfigMaps, Nodes, Services, type ConfigMap } from "../api/index.ts";
import type { KubeReader, OwnCluster } from "../kube/index.ts";
import { BootstrapError } from "./bootstrap-error.ts";
import { caHashes } from "./ca-hash.ts";
import { ifReadable } from "./if-readable.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { newestVersion, parseVersion } from "./kubernetes-version.ts";

export interface ClusterFacts {
  /** host:port; a host of IPv6 stands in brackets. */
  readonly endpoint: string;
  /** PEM. */
  readonly caBundle: string;
  /** sha256:<hex> of each authority's public key. */
  readonly caHashes: readonly string[];
  /** Empty where the cluster's own configuration tells the kubelet. */
  readonly clusterDNS: readonly string[];
  /** v1.36.3, with the distribution's suffix where there is one: v1.33.4+k3s1 */
  readonly kubernetesVersion: string;
}

/** What the node class or the environment says; an empty text says nothing. */
export interface ClusterFactOverrides {
  /** host, host:port or https://host:port */
  readonly endpoint?: string;
  readonly caBundle?: string;
  /** Pinned by hand: then they need not follow from the bundle. */
  readonly caHashes?: readonly string[];
  readonly clusterDNS?: readonly string[];
  readonly kubernetesVersion?: string;
}

export interface ClusterFactSources {
  readonly kube: Pick<KubeReader, "get" | "list">;
  readonly own?: OwnCluster;
}

/** Answers where a ConfigMap with the cluster's own description exists: `auto` means kubeadm then (C: kube-public/cluster-info). */
export async function hasClusterInfo(kube: Pick<KubeReader, "get">, signal: AbortSignal): Promise<boolean> {
  return (await clusterInfo(kube, signal)) !== undefined;
}

/** @throws BootstrapError ClusterFactsMissing naming what neither the class nor the cluster tells */
export async function discoverClusterFacts(
  sources: ClusterFactSources,
  overrides: ClusterFactOverrides,
  signal: AbortSignal,
): Promise<ClusterFacts> {
  const { kube, own } = sources;
  const isTold = Boolean(overrides.endpoint) && Boolean(overrides.caBundle);
  const info = isTold ? undefined : await clusterInfo(kube, signal);
  const server = overrides.endpoint || info?.server || own?.server;
  if (!server) {
    throw new BootstrapError(
      "ClusterFactsMissing",
      "no address of the API server: ConfigMap kube-public/cluster-info does not exist; set bootstrap.apiServerEndpoint or CLUSTER_ENDPOINT",
    );
  }
  const caBundle = overrides.caBundle || info?.caBundle || (await rootCertificate(kube, signal)) || own?.caBundle || "";
  if (caBundle === "" && !overrides.caHashes?.length) {
    throw new BootstrapError("ClusterFactsMissing", "no CA bundle in kube-public/cluster-info or kube-root-ca.crt");
  }
  return {
    endpoint: hostAndPort(server),
    caBundle,
    caHashes: overrides.caHashes?.length ? overrides.caHashes : caHashes(caBundle),
    clusterDNS: overrides.clusterDNS?.length ? overrides.clusterDNS : await clusterDNS(kube, signal),
    kubernetesVersion: await versionOf(kube, overrides.kubernetesVersion, signal),
  };
}

async function clusterInfo(kube: Pick<KubeReader, "get">, signal: AbortSignal) {
  const key = { namespace: "kube-public", name: "cluster-info" };
  const map = await ifReadable(() => kube.get(ConfigMaps, key, { signal }));
  const text = map?.data?.["kubeconfig"];
  return text === undefined ? undefined : readKubeconfig(text);
}

/** Every namespace has it. */
async function rootCertificate(kube: Pick<KubeReader, "get">, signal: AbortSignal): Promise<string | undefined> {
  const key = { namespace: "kube-public", name: "kube-root-ca.crt" };
  return (await ifReadable(() => kube.get(ConfigMaps, key, { signal })))?.data?.["ca.crt"];
}

async function clusterDNS(kube: Pick<KubeReader, "get">, signal: AbortSignal): Promise<readonly string[]> {
  const key = { namespace: "kube-system", name: "kube-dns" };
  const service = await ifReadable(() => kube.get(Services, key, { signal }));
  const { clusterIP = "", clusterIPs = clusterIP === "" ? [] : [clusterIP] } = service?.spec ?? {};
  return clusterIPs.filter((address) => address !== "None");
}

/** The class's; kubeadm's own note; the newest kubelet there is, which is never newer than the API server. */
async function versionOf(
  kube: ClusterFactSources["kube"],
  override: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (override) return parseVersion(override).text;
  const key = { namespace: "kube-system", name: "kubeadm-config" };
  const noted = await ifReadable(() => kube.get(ConfigMaps, key, { signal }));
  const text = kubeadmVersion(noted);
  if (text !== undefined) return parseVersion(text).text;
  const { items } = await kube.list(Nodes, { signal });
  const newest = newestVersion(items.map(({ status }) => status?.nodeInfo?.["kubeletVersion"] ?? ""));
  if (newest === undefined) {
    throw new BootstrapError(
      "ClusterFactsMissing",
      "the cluster's Kubernetes version is unknown: no kube-system/kubeadm-config and no node; set bootstrap.kubernetesVersion",
    );
  }
  return newest;
}

function kubeadmVersion(map: ConfigMap | undefined): string | undefined {
  return /^kubernetesVersion:\s*"?(v[^\s"]+)"?\s*$/m.exec(map?.data?.["ClusterConfiguration"] ?? "")?.[1];
}

/** @throws BootstrapError for what is no address */
export function hostAndPort(server: string): string {
  const text = server.includes("://") ? server : `https://${server}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new BootstrapError("ClusterFactsMissing", `not an address of an API server: ${server}`, { cause });
  }
  if (url.protocol !== "https:" || url.hostname === "") {
    throw new BootstrapError("ClusterFactsMissing", `not an https address of an API server: ${server}`);
  }
  // A port that https has anyway is lost in the URL; a bare host means the API server's usual one.
  const explicit = /:(\d+)\/?$/.exec(text.replace(/\]$/, "]"))?.[1];
  return `${url.hostname}:${explicit ?? (url.port || (server.includes("://") ? "443" : "6443"))}`;
}
