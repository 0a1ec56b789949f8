// Joining with Talos: the user's worker configuration, patched with what makes this machine this node.

import { parseAllDocuments } from "yaml";
import { isJsonObject, type JsonObject } from "../../api/index.ts";
import { BootstrapError } from "../bootstrap-error.ts";
import { toYaml } from "../cloud-config.ts";
import type { JoinPlan } from "../join-plan.ts";
import { kubeletArgs } from "../kubelet-args.ts";
import { kubeletConfiguration } from "../kubelet-config.ts";
import { kubeletLabels } from "../kubelet-labels.ts";
import { requireSecret } from "./require.ts";

/** Key of the Secret with the worker's machine configuration. */
const TALOS_KEY = "machineConfig";

export function talosUserData(plan: JoinPlan): string {
  if (!("known" in plan.node.providerID)) {
    throw new BootstrapError("ProviderIDUnknown", "Talos runs no script that could find the machine's id");
  }
  if (plan.node.nodeIPInterface !== undefined) {
    throw new BootstrapError("InvalidNode", "Talos runs no script that could find the machine's address");
  }
  const documents = parseDocuments(requireSecret(plan, TALOS_KEY));
  const at = documents.findIndex((document) => isJsonObject(document["machine"]));
  if (at === -1)
    throw new BootstrapError("JoinMaterialInvalid", `key ${TALOS_KEY} holds no Talos machine configuration`);
  return documents.map((document, index) => toYaml(index === at ? patched(document, plan) : document)).join("---\n");
}

function parseDocuments(text: string): readonly JsonObject[] {
  const documents = parseAllDocuments(text);
  const values = "empty" in documents ? [] : documents.map((document) => document.toJS() as unknown);
  const isBroken = "empty" in documents || documents.some(({ errors }) => errors.length > 0);
  if (isBroken || !values.every(isJsonObject)) {
    throw new BootstrapError("JoinMaterialInvalid", `key ${TALOS_KEY} holds no YAML documents`);
  }
  return values.filter(isJsonObject);
}

/** Taints by the kubelet's argument: a worker may not taint itself once it is registered. */
function patched(document: JsonObject, plan: JoinPlan): JsonObject {
  const machine = objectAt(document, "machine");
  const kubelet = objectAt(machine, "kubelet");
  const { "hostname-override": _, ...args } = kubeletArgs(plan, { taints: true });
  const { apiVersion: __, kind: ___, ...config } = kubeletConfiguration(plan.kubelet);
  return {
    ...document,
    machine: {
      ...machine,
      network: { ...objectAt(machine, "network"), hostname: plan.node.nodeName },
      nodeLabels: { ...objectAt(machine, "nodeLabels"), ...kubeletLabels(plan.node.labels) },
      kubelet: {
        ...kubelet,
        extraArgs: { ...objectAt(kubelet, "extraArgs"), ...args },
        extraConfig: { ...objectAt(kubelet, "extraConfig"), ...config },
      },
    },
  };
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isJsonObject(value) ? value : {};
}
