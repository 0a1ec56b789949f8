// Which programs make up the control plane, at which version, and from which Go package each is built.

/** Kept equal to the go.mod files of tools/controlplane; a test compares them. */
export const VERSIONS = {
  etcd: "v3.6.14",
  kubernetes: "v1.36.3",
  kwok: "v0.8.0",
  helm: "v4.3.1",
} as const;

export type BinaryName =
  | "etcd"
  | "kube-apiserver"
  | "kube-scheduler"
  | "kube-controller-manager"
  | "kubectl"
  | "kubeadm"
  | "kwok"
  | "helm";

export interface BinarySource {
  readonly name: BinaryName;
  /** Folder under tools/controlplane with the go.mod. */
  readonly module: "kubernetes" | "kwok" | "helm";
  readonly package: string;
  readonly ldflags: string;
}

const STRIP = "-s -w";

/** In the order of their use: what most tests wait for comes first. */
export const BINARIES: readonly BinarySource[] = [
  { name: "etcd", module: "kubernetes", package: "go.etcd.io/etcd/server/v3", ldflags: STRIP },
  kubernetes("kube-apiserver"),
  kubernetes("kube-scheduler"),
  kubernetes("kube-controller-manager"),
  kubernetes("kubectl"),
  kubernetes("kubeadm"),
  { name: "kwok", module: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok", ldflags: STRIP },
  { name: "helm", module: "helm", package: "helm.sh/helm/v4/cmd/helm", ldflags: STRIP },
];

/** Name of the folder in the cache: another version never meets old binaries. */
export function versionsKey(): string {
  return Object.entries(VERSIONS)
    .map(([name, version]) => `${name}-${version}`)
    .join("_");
}

function kubernetes(name: BinaryName): BinarySource {
  return { name, module: "kubernetes", package: `k8s.io/kubernetes/cmd/${name}`, ldflags: kubernetesLdflags() };
}

/** Without them the programs call themselves v0.0.0. */
function kubernetesLdflags(): string {
  const version = VERSIONS.kubernetes;
  const [major = "", minor = ""] = version.slice(1).split(".");
  const prefix = "-X k8s.io/component-base/version";
  return `${STRIP} ${prefix}.gitVersion=${version} ${prefix}.gitMajor=${major} ${prefix}.gitMinor=${minor}`;
}
