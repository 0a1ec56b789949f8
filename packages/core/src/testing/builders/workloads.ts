// DaemonSets and PodDisruptionBudgets for tests.

import type { DaemonSet, LabelSelector, Pod, PodDisruptionBudget, PodSpec } from "../../api/index.ts";
import type { DaemonSetInput } from "../../scheduling/index.ts";
import { aPod } from "./pod.ts";
import type { PodOptions } from "./pod.ts";

/** Options of the pods it makes. */
export function aDaemonSet(options: PodOptions = {}): DaemonSet {
  const { name = "agent", namespace = "kube-system" } = options;
  const labels = { app: name, ...options.labels };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace, uid: `daemonset-${name}` },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels }, spec: aPod(options).spec },
    },
  };
}

export function aDaemonSetInput(options: PodOptions = {}, newestPod?: Pod): DaemonSetInput {
  return { daemonSet: aDaemonSet(options), ...(newestPod && { newestPod }) };
}

/** A pod that a DaemonSet has put on a node. */
export function aDaemonSetPod(options: PodOptions = {}, spec: Partial<PodSpec> = {}): Pod {
  return aPod({
    name: "agent-x",
    namespace: "kube-system",
    owner: { apiVersion: "apps/v1", kind: "DaemonSet", name: "agent", uid: "daemonset-agent", controller: true },
    ...options,
    spec: { ...options.spec, ...spec },
  });
}

export interface PdbOptions {
  readonly name?: string;
  readonly namespace?: string;
  /** Undefined key: selects all; null: no selector. */
  readonly selector?: LabelSelector | null;
  readonly disruptionsAllowed?: number;
  readonly spec?: Omit<PodDisruptionBudget["spec"], "selector">;
}

export function aPdb(options: PdbOptions = {}): PodDisruptionBudget {
  const { name = "pdb", namespace = "default", selector = {}, disruptionsAllowed = 1, spec } = options;
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace, uid: `${namespace}/${name}` },
    spec: { ...(selector && { selector }), ...spec },
    status: { disruptionsAllowed },
  };
}
