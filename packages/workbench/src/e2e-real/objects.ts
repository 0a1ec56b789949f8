// Objects as tests on a stage apply them: NodePools of the quick start's NodeClass, workloads that ask for them, and what protects pods.

import { Label, type KubeObject } from "@karpenter-multicloud/core/api";

export interface PoolOptions {
  readonly name: string;
  /** OVHcloud flavors. @defaultValue b3-8 alone */
  readonly types?: readonly string[];
  readonly consolidationPolicy?: "WhenEmpty" | "WhenEmptyOrUnderutilized" | "Balanced";
  /** @defaultValue 30s */
  readonly consolidateAfter?: string;
  /** @defaultValue all nodes at once */
  readonly budgets?: readonly Readonly<Record<string, unknown>>[];
  /** Of template.spec. */
  readonly template?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

export function nodePool(options: PoolOptions): KubeObject {
  const { name, types = ["b3-8"], consolidationPolicy = "WhenEmpty", consolidateAfter = "30s" } = options;
  const spec = {
    ...options.spec,
    template: {
      metadata: { labels: options.labels ?? {} },
      spec: {
        nodeClassRef: { group: "karpenter.ovhcloud.sh", kind: "OVHNodeClass", name: "default" },
        requirements: [{ key: Label.InstanceType, operator: "In", values: types }],
        expireAfter: "Never",
        ...options.template,
      },
    },
    disruption: { consolidationPolicy, consolidateAfter, budgets: options.budgets ?? [{ nodes: "100%" }] },
  };
  const metadata = { name, ...(options.annotations && { annotations: options.annotations }) };
  return { apiVersion: "karpenter.sh/v1", kind: "NodePool", metadata, spec } as KubeObject;
}

export interface PodOptions {
  readonly name: string;
  /** Name of the NodePool it asks for. */
  readonly pool: string;
  /** @defaultValue 1 */
  readonly cpu?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

export function pod({ name, ...rest }: PodOptions): KubeObject {
  const { metadata, spec } = podTemplate(rest);
  return { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name, namespace: "default" }, spec } as KubeObject;
}

export interface DeploymentOptions extends PodOptions {
  readonly replicas: number;
}

export function deployment({ name, replicas, ...rest }: DeploymentOptions): KubeObject {
  const labels = { ...rest.labels, app: name };
  const spec = { replicas, selector: { matchLabels: { app: name } }, template: podTemplate({ ...rest, labels }) };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace: "default" }, spec } as KubeObject;
}

/** Of a Deployment of that name. */
export function disruptionBudget(app: string, spec: Readonly<Record<string, unknown>>, name = app): KubeObject {
  const metadata = { name, namespace: "default" };
  const selector = { matchLabels: { app } };
  return { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata, spec: { selector, ...spec } } as KubeObject;
}

function podTemplate(options: Omit<PodOptions, "name">) {
  const { pool, cpu = "1", labels = {}, annotations = {}, spec = {} } = options;
  const container = { name: "main", image: "registry.k8s.io/pause:3.10", resources: { requests: { cpu } } };
  return {
    metadata: { labels, annotations },
    spec: {
      nodeSelector: { [Label.NodePool]: pool },
      containers: [container],
      terminationGracePeriodSeconds: 1,
      ...spec,
    },
  };
}
