// What a plain Debian or Ubuntu image lacks before kubeadm can run, and what is set up on every image.

import type { ClusterFacts } from "../cluster-facts.ts";
import { BootstrapError } from "../bootstrap-error.ts";
import type { JoinPlan } from "../join-plan.ts";
import { minorText, parseVersion } from "../kubernetes-version.ts";
import { shellQuote } from "../shell.ts";

const COMMUNITY = "https://pkgs.k8s.io/core:/stable:/{minor}/deb";

const KERNEL = [
  "swapoff -a",
  "sed -i -E '/\\sswap\\s/ s/^/#/' /etc/fstab",
  "modprobe overlay",
  "modprobe br_netfilter",
  "sysctl --system >/dev/null",
];

/** The runtime and the kubelet must agree on who owns control groups. */
const CONTAINERD = [
  "mkdir -p /etc/containerd",
  "containerd config default | sed 's/SystemdCgroup = false/SystemdCgroup = true/' >/etc/containerd/config.toml",
];

const NVIDIA = [
  "if command -v nvidia-ctk >/dev/null; then",
  "  nvidia-ctk runtime configure --runtime=containerd --set-as-default",
  "fi",
];

export function kubeadmInstallLines(plan: JoinPlan, cluster: ClusterFacts): readonly string[] {
  const install = (plan.settings?.install ?? "auto") === "auto" ? packages(plan, cluster) : CHECK;
  const gpu = plan.node.gpu ? NVIDIA : [];
  return [...KERNEL, ...install, ...CONTAINERD, ...gpu, "systemctl restart containerd", "systemctl enable kubelet"];
}

const CHECK = [
  "for program in containerd kubelet kubeadm; do",
  '  command -v "$program" >/dev/null || { say "the image has no $program"; exit 1; }',
  "done",
];

/** The very version of the cluster, so that a kubelet is never newer than its API server. */
function packages(plan: JoinPlan, cluster: ClusterFacts): readonly string[] {
  const version = parseVersion(cluster.kubernetesVersion);
  const repository = (plan.settings?.packageRepository ?? COMMUNITY).replace("{minor}", minorText(version));
  if (!/^https:\/\/[A-Za-z0-9._~:/?#@!$&()*+,;=%-]+$/.test(repository)) {
    throw new BootstrapError("InvalidUserData", "the package repository is no https address");
  }
  const pin = `1.${version.minor}.${version.patch}-*`;
  return [
    '[ -x "$(command -v apt-get)" ] || { say "this image needs containerd, kubelet and kubeadm: only Debian and Ubuntu are installed on"; exit 1; }',
    "export DEBIAN_FRONTEND=noninteractive",
    "apt-get update -q",
    "apt-get install -q -y --no-install-recommends ca-certificates conntrack containerd curl ethtool gnupg iproute2 iptables socat",
    "install -d -m 0755 /etc/apt/keyrings",
    `repository=${shellQuote(repository)}`,
    'curl -fsSL --retry 5 "$repository/Release.key" | gpg --batch --yes --dearmor -o /etc/apt/keyrings/kubernetes.gpg',
    `printf 'deb [signed-by=/etc/apt/keyrings/kubernetes.gpg] %s/ /\\n' "$repository" >/etc/apt/sources.list.d/kubernetes.list`,
    "apt-get update -q",
    `apt-get install -q -y ${shellQuote(`kubelet=${pin}`)} ${shellQuote(`kubeadm=${pin}`)}`,
    "apt-mark hold kubelet kubeadm",
  ];
}
