// Joining with k3s and RKE2: the agent's configuration file, and how the agent is installed and started.

import { formatTaint } from "../../api/index.ts";
import { BootstrapError } from "../bootstrap-error.ts";
import { bootstrapScript } from "../bootstrap-script.ts";
import { caBundleDigest } from "../ca-hash.ts";
import { cloudConfig, toYaml } from "../cloud-config.ts";
import type { ClusterFacts } from "../cluster-facts.ts";
import type { JoinPlan, MachineFile } from "../join-plan.ts";
import { argPairs, kubeletArgs } from "../kubelet-args.ts";
import { kubeletConfiguration } from "../kubelet-config.ts";
import { joinTaints, kubeletLabels } from "../kubelet-labels.ts";
import { parseVersion } from "../kubernetes-version.ts";
import { shellQuote } from "../shell.ts";
import { tokenText } from "../token.ts";
import { requireCluster, requireSecret } from "./require.ts";

interface Distribution {
  readonly name: "k3s" | "rke2";
  readonly service: string;
  /** Where agents register; the API server's own port for k3s. */
  readonly port: string | undefined;
  readonly installer: string;
  readonly versionVariable: string;
  readonly typeSettings: string;
}

const K3S: Distribution = {
  name: "k3s",
  service: "k3s-agent",
  port: undefined,
  installer: "https://get.k3s.io",
  versionVariable: "INSTALL_K3S_VERSION",
  typeSettings: "INSTALL_K3S_EXEC=agent INSTALL_K3S_SKIP_START=true",
};

const RKE2: Distribution = {
  name: "rke2",
  service: "rke2-agent",
  port: "9345",
  installer: "https://get.rke2.io",
  versionVariable: "INSTALL_RKE2_VERSION",
  typeSettings: "INSTALL_RKE2_TYPE=agent",
};

const KUBELET_CONFIG_PATH = "/etc/karpenter/kubelet.yaml";

export function k3sUserData(plan: JoinPlan): string {
  return rancherUserData(plan, K3S);
}

export function rke2UserData(plan: JoinPlan): string {
  return rancherUserData(plan, RKE2);
}

function rancherUserData(plan: JoinPlan, distribution: Distribution): string {
  const cluster = requireCluster(plan);
  const path = `/etc/rancher/${distribution.name}/config.yaml`;
  const files: readonly MachineFile[] = [
    { path, content: agentConfig(plan, cluster, distribution), permissions: "0600" },
    { path: KUBELET_CONFIG_PATH, content: toYaml(kubeletConfiguration(plan.kubelet)) },
  ];
  const script = bootstrapScript(plan, {
    files: [path],
    keepFiles: true,
    install: installLines(plan, cluster, distribution),
    join: [`systemctl enable ${distribution.service}`, `systemctl start ${distribution.service}`],
  });
  return cloudConfig(plan.node, plan.settings ?? {}, files, script);
}

function agentConfig(plan: JoinPlan, cluster: ClusterFacts, { port }: Distribution): string {
  const labels = kubeletLabels(plan.node.labels);
  const { "hostname-override": _, "node-ip": nodeIP, ...args } = kubeletArgs(plan, {});
  const host = cluster.endpoint.slice(0, cluster.endpoint.lastIndexOf(":"));
  return toYaml({
    server: port === undefined ? `https://${cluster.endpoint}` : `https://${host}:${port}`,
    token: joinToken(plan, cluster),
    "node-name": plan.node.nodeName,
    ...(nodeIP !== undefined && { "node-ip": nodeIP }),
    "node-label": Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    "node-taint": joinTaints(plan.node.taints).map(formatTaint),
    "kubelet-arg": [`config=${KUBELET_CONFIG_PATH}`, ...argPairs(args).map(([name, value]) => `${name}=${value}`)],
  });
}

/** A token of ours carries the digest of the authority, so that the agent trusts nobody else. */
function joinToken(plan: JoinPlan, cluster: ClusterFacts): string {
  if (!("token" in plan.material)) return requireSecret(plan, "token");
  if (cluster.caBundle === "") throw new BootstrapError("ClusterFactsMissing", "a token of k3s names the CA bundle");
  return `K10${caBundleDigest(cluster.caBundle)}::${tokenText(plan.material.token)}`;
}

function installLines(plan: JoinPlan, cluster: ClusterFacts, distribution: Distribution): readonly string[] {
  const { name, installer, versionVariable, typeSettings } = distribution;
  if ((plan.settings?.install ?? "auto") === "preinstalled") {
    return [`command -v ${name} >/dev/null || { say "the image has no ${name}"; exit 1; }`];
  }
  const { text } = parseVersion(cluster.kubernetesVersion);
  // Without the distribution's own suffix no such release exists; the installer's default channel decides then.
  const version = text.includes("+") ? `${versionVariable}=${shellQuote(text)} ` : "";
  return [`curl -fsSL --retry 5 ${installer} | ${version}${typeSettings} sh -`];
}
