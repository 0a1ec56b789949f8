// Joining with kubeadm: a JoinConfiguration, a patch of the kubelet's configuration, and a script (W-47, C-72, Appendix A).

import { BootstrapError } from "../bootstrap-error.ts";
import { bootstrapScript, withRetries } from "../bootstrap-script.ts";
import { cloudConfig, toYaml } from "../cloud-config.ts";
import type { ClusterFacts } from "../cluster-facts.ts";
import type { JoinPlan, MachineFile } from "../join-plan.ts";
import { argPairs, kubeletArgs } from "../kubelet-args.ts";
import { kubeletConfiguration } from "../kubelet-config.ts";
import { joinTaints } from "../kubelet-labels.ts";
import { parseVersion } from "../kubernetes-version.ts";
import { tokenText } from "../token.ts";
import { kubeadmInstallLines } from "./kubeadm-install.ts";
import { requireCluster } from "./require.ts";

const JOIN_PATH = "/etc/karpenter/join.yaml";
export const PATCHES_FOLDER = "/etc/karpenter/patches";
const PATCH_PATH = `${PATCHES_FOLDER}/kubeletconfiguration0+strategic.yaml`;
const DEFAULT_CRI_SOCKET = "unix:///run/containerd/containerd.sock";
/** Lists of pairs instead of maps since then. */
const V1BETA4_SINCE = 31;

const KERNEL: readonly MachineFile[] = [
  { path: "/etc/modules-load.d/k8s.conf", content: "overlay\nbr_netfilter\n" },
  {
    path: "/etc/sysctl.d/99-k8s.conf",
    content: [
      "net.ipv4.ip_forward = 1",
      "net.bridge.bridge-nf-call-iptables = 1",
      "net.bridge.bridge-nf-call-ip6tables = 1",
      "",
    ].join("\n"),
  },
];

export function kubeadmUserData(plan: JoinPlan): string {
  const cluster = requireCluster(plan);
  const files: readonly MachineFile[] = [
    { path: JOIN_PATH, content: joinConfiguration(plan), permissions: "0600" },
    { path: PATCH_PATH, content: toYaml(kubeletConfiguration(plan.kubelet)) },
    ...KERNEL,
  ];
  const script = bootstrapScript(plan, {
    files: [JOIN_PATH],
    install: kubeadmInstallLines(plan, cluster),
    join: withRetries(`kubeadm join --config ${JOIN_PATH}`),
  });
  return cloudConfig(plan.node, plan.settings ?? {}, files, script);
}

/** One YAML document. @throws BootstrapError */
export function joinConfiguration(plan: JoinPlan): string {
  const cluster = requireCluster(plan);
  if (!("token" in plan.material)) throw new BootstrapError("TokenSourceMissing", "kubeadm needs a bootstrap token");
  return toYaml({
    apiVersion: `kubeadm.k8s.io/${isBeta4(cluster) ? "v1beta4" : "v1beta3"}`,
    kind: "JoinConfiguration",
    discovery: {
      bootstrapToken: {
        apiServerEndpoint: cluster.endpoint,
        token: tokenText(plan.material.token),
        caCertHashes: cluster.caHashes,
      },
    },
    nodeRegistration: {
      name: plan.node.nodeName,
      criSocket: plan.settings?.criSocket ?? DEFAULT_CRI_SOCKET,
      // kubeadm writes them into register-with-taints; said twice, one of the two would be lost.
      taints: joinTaints(plan.node.taints),
      kubeletExtraArgs: extraArgs(plan, cluster),
    },
    patches: { directory: PATCHES_FOLDER },
  });
}

function extraArgs(plan: JoinPlan, cluster: ClusterFacts): unknown {
  const pairs = argPairs(kubeletArgs(plan, { labels: true }));
  return isBeta4(cluster) ? pairs.map(([name, value]) => ({ name, value })) : Object.fromEntries(pairs);
}

function isBeta4({ kubernetesVersion }: ClusterFacts): boolean {
  return parseVersion(kubernetesVersion).minor >= V1BETA4_SINCE;
}
