// Reads a Picture out of the running world.

import {
  DISRUPTED_TAINT,
  hasTaint,
  isConditionTrue,
  Label,
  NodePools,
  Pods,
  type NodePool,
  type Pod,
} from "@karpenter-multicloud/core/api";
import type { ControllerDeps } from "@karpenter-multicloud/core/controllers";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import { podRequests, rateOfNode } from "@karpenter-multicloud/core/scheduling";
import type { StateNode } from "@karpenter-multicloud/core/state";
import type { HourlyRate } from "@karpenter-multicloud/core/units";
import type { DemoCloud } from "./demo-cloud.ts";
import type { NodePhase, NodePicture, Picture } from "./view/picture.ts";

/** Asks the provider for what the machines of each pool cost: one may have offerings that another has not. */
export async function readInstanceTypes(deps: ControllerDeps, signal: AbortSignal): Promise<readonly InstanceType[]> {
  const merged = new Map<string, InstanceType>();
  for (const pool of deps.cache.informer(NodePools).list()) {
    for (const type of await typesOf(deps, pool, signal)) {
      const known = merged.get(type.name);
      merged.set(
        type.name,
        known === undefined ? type : { ...known, offerings: [...known.offerings, ...type.offerings] },
      );
    }
  }
  return [...merged.values()];
}

async function typesOf(deps: ControllerDeps, pool: NodePool, signal: AbortSignal): Promise<readonly InstanceType[]> {
  try {
    return (await deps.provider.getInstanceTypes(pool, { signal })).items;
  } catch {
    // The class is not ready yet; the picture is asked for again when the pool changes.
    return [];
  }
}

export function takePicture(
  deps: ControllerDeps,
  cloud: DemoCloud,
  step: string,
  instanceTypes: readonly InstanceType[],
): Picture {
  const rates = new Map<string, HourlyRate | undefined>();
  const nodes = deps.state.nodes().filter((node) => node.managed);
  for (const node of nodes) rates.set(node.name, rateOfNode(node.labels, instanceTypes));
  const pods = deps.cache.informer(Pods).list();
  const known = [...rates.values()].filter((rate) => rate !== undefined);
  return {
    now: deps.clock.now(),
    step,
    nodes: nodes.map((node) => nodePicture(node, rates.get(node.name))),
    pendingPods: pods.filter((pod) => !pod.spec.nodeName && !pod.metadata.deletionTimestamp),
    boundPods: pods.filter(isRunningWorkload).length,
    pricePerHour: known.reduce((sum, rate) => sum + rate.amount, 0),
    currency: currencyOf(instanceTypes),
    machines: cloud.liveMachines(),
    pools: cloud.pools(),
    decisions: deps.decisions.list(),
  };
}

/** Of the prices a cloud names; empty until they are known. */
function currencyOf(instanceTypes: readonly InstanceType[]): string {
  for (const { offerings } of instanceTypes) {
    for (const { price } of offerings) if (price) return price.currency;
  }
  return "";
}

function isRunningWorkload(pod: Pod): boolean {
  const ofDaemonSet = pod.metadata.ownerReferences?.some((owner) => owner.kind === "DaemonSet");
  return Boolean(pod.spec.nodeName) && !pod.metadata.deletionTimestamp && !ofDaemonSet;
}

function nodePicture(node: StateNode, rate: HourlyRate | undefined): NodePicture {
  const requested = { cpu: 0, memory: 0 };
  for (const pod of node.pods) {
    const requests = podRequests(pod);
    requested.cpu += requests["cpu"] ?? 0;
    requested.memory += requests["memory"] ?? 0;
  }
  return {
    // A claim outlives its Node for a moment; to people it is still the same machine.
    name: node.nodeClaim?.status?.nodeName ?? node.name,
    instanceType: node.labels[Label.InstanceType] ?? "?",
    zone: node.labels[Label.Zone] ?? "?",
    phase: phaseOf(node),
    pods: node.pods.length,
    cpu: share(requested.cpu, node.allocatable["cpu"]),
    memory: share(requested.memory, node.allocatable["memory"]),
    pricePerHour: rate?.amount,
  };
}

function phaseOf(node: StateNode): NodePhase {
  if (node.markedForDeletion || hasTaint(node.node?.spec?.taints, DISRUPTED_TAINT)) return "draining";
  if (node.initialized) return "ready";
  return node.nodeClaim && isConditionTrue(node.nodeClaim, "Launched") ? "booting" : "ordered";
}

function share(part: number, whole: number | undefined): number {
  return whole ? Math.min(1, part / whole) : 0;
}
