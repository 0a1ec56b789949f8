// The Kubernetes Node that a machine of a managed cluster registers: labels, annotation, provider id, taints and capacity.

import type { Node, Taint } from "@karpenter-multicloud/core/api";
import type { NodeEdit } from "@karpenter-multicloud/core/testing";
import type { SeedFlavor } from "./seed/flavors.ts";
import type { Switches } from "./switches.ts";
import type { Cluster } from "./world/cluster.ts";
import type { Machine } from "./world/machine.ts";
import { providerId } from "./world/machine.ts";
import type { PoolTemplate } from "./world/pool.ts";

export const UNINITIALIZED: Taint = {
  key: "node.cloudprovider.kubernetes.io/uninitialized",
  value: "true",
  effect: "NoSchedule",
};

const GIB = 1024 ** 3;
const MB = 1_000_000;
const EVICTION_BYTES = 100 * 1024 ** 2;

export interface NodeRequest {
  readonly machine: Machine;
  readonly cluster: Cluster;
  readonly template: PoolTemplate;
  readonly flavor: SeedFlavor;
  readonly switches: Switches;
  /** The cluster has agents that edit Nodes later: the Node starts uninitialised, and late labels are left out. */
  readonly edited: boolean;
  /** A reinstalled Node may come back without the label "nodepool". */
  readonly withoutPoolLabel: boolean;
}

export function nodeObject(request: NodeRequest): Node {
  const { machine, cluster, template, switches } = request;
  const late = request.edited && switches.labelsLateSeconds > 0;
  const providerID = providerId(machine);
  const templateTaints: readonly Taint[] = late ? [] : template.spec.taints;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: machine.name,
      annotations: {
        "cluster.x-k8s.io/cluster-name": cluster.id,
        ...(late ? {} : template.metadata.annotations),
      },
      labels: { ...systemLabels(request), ...(late ? {} : template.metadata.labels) },
    },
    spec: {
      ...(providerID === null ? {} : { providerID }),
      taints: [...templateTaints, ...(request.edited ? [UNINITIALIZED] : [])],
      ...(template.spec.unschedulable ? { unschedulable: true } : {}),
    },
    status: status(request),
  };
}

/** What pushing a template to a Node changes, against the template that was there before. */
export function templateEdit(before: PoolTemplate, after: PoolTemplate): NodeEdit {
  return {
    labels: { ...cleared(before.metadata.labels), ...after.metadata.labels },
    annotations: { ...cleared(before.metadata.annotations), ...after.metadata.annotations },
    removeTaints: before.spec.taints.filter((old) => !after.spec.taints.some((taint) => sameTaint(old, taint))),
    addTaints: after.spec.taints,
  };
}

function cleared(record: Readonly<Record<string, string>>): Record<string, null> {
  return Object.fromEntries(Object.keys(record).map((key) => [key, null]));
}

function sameTaint(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect;
}

function systemLabels(request: NodeRequest): Record<string, string> {
  const { machine, cluster, flavor, switches } = request;
  const zone = switches.nodeZoneLabel ?? machine.zone;
  return {
    "beta.kubernetes.io/arch": "amd64",
    "beta.kubernetes.io/instance-type": machine.flavor,
    "beta.kubernetes.io/os": "linux",
    "failure-domain.beta.kubernetes.io/region": cluster.region,
    "failure-domain.beta.kubernetes.io/zone": zone,
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/hostname": machine.name,
    "kubernetes.io/os": "linux",
    "node.k8s.ovh/type": flavor.gpus > 0 ? "gpu" : "standard",
    "node.kubernetes.io/instance-type": machine.flavor,
    ...(request.withoutPoolLabel ? {} : { nodepool: machine.poolName }),
    "topology.cinder.csi.openstack.org/zone": zone,
    "topology.kubernetes.io/region": cluster.region,
    "topology.kubernetes.io/zone": zone,
  };
}

function status({ machine, flavor, switches }: NodeRequest): NonNullable<Node["status"]> {
  const memory = Math.floor(flavor.ramGB * GIB * switches.memoryFactor);
  const reserved = {
    cpuMilli: 150 + 5 * flavor.vCPUs,
    memory: 1590 * MB + EVICTION_BYTES,
    storage: Math.round(10 * Math.log10(flavor.diskGB) + flavor.diskGB / 10),
  };
  const shared = {
    pods: "110",
    ...(flavor.gpus > 0 && switches.gpuPlugin ? { "nvidia.com/gpu": String(flavor.gpus) } : {}),
  };
  return {
    capacity: {
      cpu: String(flavor.vCPUs),
      memory: `${Math.floor(memory / 1024)}Ki`,
      "ephemeral-storage": `${flavor.diskGB}G`,
      ...shared,
    },
    allocatable: {
      cpu: `${flavor.vCPUs * 1000 - reserved.cpuMilli}m`,
      memory: `${Math.floor((memory - reserved.memory) / 1024)}Ki`,
      "ephemeral-storage": `${flavor.diskGB - reserved.storage}G`,
      ...shared,
    },
    conditions: [{ type: "Ready", status: "False", reason: "KubeletNotReady" }],
    nodeInfo: {
      architecture: "amd64",
      operatingSystem: "linux",
      osImage: "Ubuntu 22.04 LTS",
      kubeletVersion: `v${machine.version.split("-")[0] ?? machine.version}`,
    },
  };
}
