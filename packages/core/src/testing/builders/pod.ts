// Pods for tests: pending, schedulable anywhere, asking for nothing, unless said otherwise.

import type { Container, OwnerReference, Pod, PodSpec, PodStatus, ResourceList } from "../../api/index.ts";

export interface PodOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly owner?: Pick<OwnerReference, "apiVersion" | "kind"> & Partial<OwnerReference>;
  readonly requests?: ResourceList;
  readonly ports?: Container["ports"];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** OR-ed terms of required node affinity; each is a list of [key, operator, ...values]. */
  readonly requiredTerms?: readonly (readonly (readonly [key: string, operator: string, ...values: string[]])[])[];
  readonly tolerations?: PodSpec["tolerations"];
  readonly nodeName?: string;
  readonly priority?: number;
  /** Wins over everything above that concerns the spec. */
  readonly spec?: Partial<PodSpec>;
  readonly status?: PodStatus;
}

export const UNSCHEDULABLE: PodStatus = {
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }],
};

const RUNNING: PodStatus = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };

export function aPod(options: PodOptions = {}): Pod {
  const { name = "web-0", namespace = "default", nodeName, status } = options;
  const { labels, annotations, creationTimestamp, deletionTimestamp, owner } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      uid: options.uid ?? `${namespace}/${name}`,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(creationTimestamp && { creationTimestamp }),
      ...(deletionTimestamp && { deletionTimestamp }),
      ...(owner && { ownerReferences: [{ name: "owner", uid: "owner", ...owner }] }),
    },
    spec: podSpec(options),
    status: status ?? (nodeName ? RUNNING : UNSCHEDULABLE),
  };
}

/** `count` pods that differ in name only: web-0, web-1, … */
export function pods(count: number, options: PodOptions = {}): readonly Pod[] {
  const prefix = options.name ?? "web";
  return Array.from({ length: count }, (_, index) => aPod({ ...options, name: `${prefix}-${index}` }));
}

function podSpec(options: PodOptions): PodSpec {
  const { requests, ports, nodeSelector, requiredTerms, tolerations, nodeName, priority, spec } = options;
  return {
    containers: [{ name: "main", ...(requests && { resources: { requests } }), ...(ports && { ports }) }],
    ...(nodeSelector && { nodeSelector }),
    ...(requiredTerms && { affinity: requiredAffinity(requiredTerms) }),
    ...(tolerations && { tolerations }),
    ...(nodeName && { nodeName }),
    ...(priority !== undefined && { priority }),
    ...spec,
  };
}

function requiredAffinity(terms: NonNullable<PodOptions["requiredTerms"]>): NonNullable<PodSpec["affinity"]> {
  const nodeSelectorTerms = terms.map((term) => ({
    matchExpressions: term.map(([key, operator, ...values]) => ({ key, operator, values })),
  }));
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}
