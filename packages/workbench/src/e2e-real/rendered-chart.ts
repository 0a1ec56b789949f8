// What `helm template` makes of the chart: the rights it gives to the controller, and the environment it runs it in.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { KubeObject, Resource } from "@karpenter-multicloud/core/api";
import { findBinary } from "@karpenter-multicloud/testkit/control-plane";
import { parseAllDocuments } from "yaml";

export const NAMESPACE = "karpenter";
/** Of the rendered ServiceAccount, as the API server calls it. */
export const CONTROLLER_USER = `system:serviceaccount:${NAMESPACE}:karpenter`;

const CHART = fileURLToPath(new URL("../../../../charts", import.meta.url));

function rights(kind: string, plural: string, namespaced: boolean): Resource {
  return { group: "rbac.authorization.k8s.io", version: "v1", kind, plural, namespaced };
}

/** In the order in which they are created. */
export const RIGHTS: readonly Resource[] = [
  { group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts", namespaced: true },
  rights("ClusterRole", "clusterroles", false),
  rights("ClusterRoleBinding", "clusterrolebindings", false),
  rights("Role", "roles", true),
  rights("RoleBinding", "rolebindings", true),
];

interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly env: EnvironmentVariable[] }[] } };
  };
}

export async function renderChart(values: Readonly<Record<string, string>>): Promise<readonly KubeObject[]> {
  const helm = findBinary("helm");
  if (helm === undefined) throw new Error("helm has not been built");
  const sets = Object.entries(values).flatMap(([key, value]) => ["--set-string", `${key}=${value}`]);
  const args = ["template", "karpenter", CHART, "--namespace", NAMESPACE, ...sets];
  const { stdout } = await promisify(execFile)(helm, args, { maxBuffer: 16 * 1024 ** 2 });
  return parseAllDocuments(stdout).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
}

/** Of the controller's container, as the kubelet would fill it in. */
export function environmentOf(rendered: readonly KubeObject[]): Readonly<Record<string, string>> {
  const deployment = rendered.find(({ kind }) => kind === "Deployment") as Deployment | undefined;
  const [container] = deployment?.spec.template.spec.containers ?? [];
  if (container === undefined) throw new Error("the chart renders no Deployment with a container");
  const pairs = container.env.flatMap(({ name, value, valueFrom }) => {
    if (value !== undefined) return [[name, value]];
    return valueFrom?.fieldRef?.fieldPath === "metadata.namespace" ? [[name, NAMESPACE]] : [];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}
