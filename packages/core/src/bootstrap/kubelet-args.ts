// The kubelet's command line on a bought machine (W-46, C-71), as pairs without the dashes.

import { sortedKeys } from "../units/index.ts";
import { BootstrapError } from "./bootstrap-error.ts";
import type { JoinPlan, ProviderID } from "./join-plan.ts";
import { joinTaints, kubeletLabels, labelsText, taintsText } from "./kubelet-labels.ts";

export type KubeletArgs = Readonly<Record<string, string>>;

/** Stands in written files until the machine has found its own name in the cloud, or its address. */
export const PROVIDER_ID_SLOT = "@KARPENTER_PROVIDER_ID@";
export const NODE_IP_SLOT = "@KARPENTER_NODE_IP@";

const OURS = ["provider-id", "hostname-override", "node-labels", "register-with-taints", "cloud-provider", "node-ip"];
const ARGUMENT = /^[a-z][a-z0-9-]*$/;
/** Into files, YAML and a kubelet's environment file: nothing that ends a line or a quotation. */
const ARGUMENT_VALUE = /^[\x20-\x7e]*$/;

export interface ArgSelection {
  readonly labels?: boolean;
  readonly taints?: boolean;
}

/** @throws BootstrapError for an extra argument that is none, or that would undo ours */
export function kubeletArgs(plan: JoinPlan, selection: ArgSelection = { labels: true, taints: true }): KubeletArgs {
  const { node, settings } = plan;
  const labels = labelsText(kubeletLabels(node.labels));
  return {
    ...extraArgs(plan),
    ...((settings?.cloudProvider ?? "external") === "external" && { "cloud-provider": "external" }),
    "hostname-override": node.nodeName,
    ...(node.nodeIPInterface !== undefined && { "node-ip": NODE_IP_SLOT }),
    ...(selection.labels && labels !== "" && { "node-labels": labels }),
    "provider-id": providerIDText(node.providerID),
    ...(selection.taints && { "register-with-taints": taintsText(joinTaints(node.taints)) }),
  };
}

/** Sorted by name. */
export function argPairs(args: KubeletArgs): readonly (readonly [name: string, value: string])[] {
  return sortedKeys(args).map((name) => [name, args[name] ?? ""] as const);
}

export function providerIDText(id: ProviderID): string {
  const text = "known" in id ? id.known : `${id.prefix}${PROVIDER_ID_SLOT}`;
  // It is quoted nowhere on its way, so it must need no quoting.
  if (/^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9/_.@-]+$/.test(text)) return text;
  throw new BootstrapError("InvalidNode", `not a provider id: ${JSON.stringify(text)}`);
}

function extraArgs({ kubelet }: JoinPlan): KubeletArgs {
  const extra = kubelet.extraArgs ?? {};
  for (const name of sortedKeys(extra)) {
    if (!ARGUMENT.test(name) || !ARGUMENT_VALUE.test(extra[name] ?? "")) {
      throw new BootstrapError("InvalidKubelet", `not an argument of the kubelet: ${JSON.stringify(name)}`);
    }
    if (OURS.includes(name)) {
      throw new BootstrapError(
        "InvalidKubelet",
        `kubelet argument ${name} is set for every node and cannot be changed`,
      );
    }
  }
  return extra;
}
