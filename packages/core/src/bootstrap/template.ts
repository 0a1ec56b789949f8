// The variables of user data: {{ .Name }}, and ${Name} where a cloud knows that too, from a fixed list. What cloud-init fills in itself ({{ v1.… }}, {{ ds.… }}) passes unchanged.

import { compareText } from "../units/index.ts";
import { BootstrapError } from "./bootstrap-error.ts";
import { providerIDText } from "./kubelet-args.ts";
import { kubeletConfiguration } from "./kubelet-config.ts";
import { joinTaints, kubeletLabels, labelsText, taintsText } from "./kubelet-labels.ts";
import { DEFAULT_MAX_PODS } from "./kubelet-settings.ts";
import type { JoinPlan } from "./join-plan.ts";
import { tokenText } from "./token.ts";

const TEMPLATE_VARIABLES = [
  "CABase64",
  "CAHash",
  "ClusterDNS",
  "ClusterName",
  "Endpoint",
  "EndpointHost",
  "GPU",
  "InstanceType",
  "KubeletConfig",
  "KubernetesVersion",
  "Labels",
  "MaxPods",
  "NodeClaim",
  "NodeClaimUID",
  "NodeIPInterface",
  "NodeName",
  "NodePool",
  "ProviderID",
  "ProviderIDPrefix",
  "Region",
  "Taints",
  "Token",
  "TokenId",
  "Zone",
] as const;

const DOLLAR_USE = /\$\{([A-Z][A-Za-z]*)\}/g;
const USE = /\{\{-?\s*\.([A-Za-z_][A-Za-z0-9_.]*)\s*-?\}\}/g;

/** Names used in the text that no cloud of this kind has; `extra` are the cloud's own. Sorted, each once. */
function unknownVariables(text: string, extra: readonly string[] = []): readonly string[] {
  const known = new Set<string>([...TEMPLATE_VARIABLES, ...extra]);
  const used = [...text.matchAll(USE)].map(([, name = ""]) => name);
  return [...new Set(used)].filter((name) => !known.has(name)).toSorted(compareText);
}

/** @throws BootstrapError UnknownVariable, or ClusterFactsMissing for a variable of a cluster that nobody described */
export function fillTemplate(text: string, plan: JoinPlan): string {
  const extra = plan.node.variables ?? {};
  const unknown = unknownVariables(text, Object.keys(extra));
  if (unknown.length > 0) {
    const what = unknown.map((name) => `{{ .${name} }}`).join(", ");
    throw new BootstrapError("UnknownVariable", `unknown variable ${what} in user data`);
  }
  const filled = text.replaceAll(USE, (_, name: string) => extra[name] ?? valueOf(name, plan));
  if (plan.dollarVariables !== true) return filled;
  // A shell has variables of its own: what is not known, or has no value, is left to it.
  return filled.replaceAll(
    DOLLAR_USE,
    (use, name: string) => extra[name] ?? ofNode(name, plan) ?? ofCluster(name, plan) ?? use,
  );
}

function valueOf(name: string, plan: JoinPlan): string {
  const value = ofNode(name, plan) ?? ofCluster(name, plan);
  if (value !== undefined) return value;
  throw new BootstrapError("ClusterFactsMissing", `variable {{ .${name} }} has no value in mode ${plan.mode}`);
}

function ofNode(name: string, { node, kubelet }: JoinPlan): string | undefined {
  const values: Readonly<Record<string, () => string>> = {
    ClusterName: () => node.clusterName,
    GPU: () => String(node.gpu ?? false),
    InstanceType: () => node.instanceType,
    // One line of JSON, which is YAML too.
    KubeletConfig: () => JSON.stringify(kubeletConfiguration(kubelet)),
    Labels: () => labelsText(kubeletLabels(node.labels)),
    MaxPods: () => String(kubelet.maxPods ?? DEFAULT_MAX_PODS),
    NodeClaim: () => node.nodeClaim,
    NodeClaimUID: () => node.nodeClaimUID,
    NodeIPInterface: () => node.nodeIPInterface ?? "",
    NodeName: () => node.nodeName,
    NodePool: () => node.nodePool,
    ProviderIDPrefix: () => ("prefix" in node.providerID ? node.providerID.prefix : ""),
    Region: () => node.region,
    Taints: () => taintsText(joinTaints(node.taints)),
    Zone: () => node.zone,
  };
  if (name === "ProviderID") return "known" in node.providerID ? providerIDText(node.providerID) : undefined;
  return values[name]?.();
}

function ofCluster(name: string, { cluster, material, kubelet }: JoinPlan): string | undefined {
  const token = "token" in material ? material.token : undefined;
  const values: Readonly<Record<string, string | undefined>> = {
    CABase64: cluster && Buffer.from(cluster.caBundle, "utf8").toString("base64"),
    CAHash: cluster?.caHashes[0],
    ClusterDNS: (kubelet.clusterDNS ?? cluster?.clusterDNS)?.join(","),
    Endpoint: cluster?.endpoint,
    EndpointHost: cluster?.endpoint.replace(/:\d+$/, ""),
    KubernetesVersion: cluster?.kubernetesVersion,
    Token: token ? tokenText(token) : "secret" in material ? material.secret["token"] : undefined,
    TokenId: token?.id,
  };
  return values[name];
}
