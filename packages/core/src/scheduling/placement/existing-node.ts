// A pod on a node that exists or is on its way (S-303, S-305, S-308): room, taints, labels and ports as they really are.

import { Label, untolerated } from "../../api/index.ts";
import type { Pod, Taint } from "../../api/index.ts";
import { Requirements } from "../../requirements/index.ts";
import type { Normalization } from "../../requirements/index.ts";
import { addResources, compareText, fits, subtractResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { isDaemonSetPod, runsOnNode } from "../daemonsets.ts";
import type { DaemonPod } from "../daemonsets.ts";
import { hostPortsOf, portConflict } from "../host-ports.ts";
import type { HostPort } from "../host-ports.ts";
import { podRequests } from "../pod-requests.ts";
import type { Attempt, PodToPlace } from "../pod-to-place.ts";
import type { TopologyTracker } from "../topology/tracker.ts";
import type { NodeInput } from "../problem.ts";
import { REJECTED } from "./rejection.ts";
import type { Rejection } from "./rejection.ts";

export class ExistingNode {
  readonly name: string;
  /** Real labels. What pods ask of keys the node lacks never makes a label, so nothing is added here (S-114a). */
  readonly labels: Requirements;
  readonly taints: readonly Taint[];
  readonly pods: Pod[] = [];
  #free: Resources;
  readonly #ports: HostPort[];

  constructor(node: NodeInput, daemons: readonly DaemonPod[], normalization?: Normalization) {
    this.name = node.name;
    this.labels = Requirements.fromLabels({ [Label.Hostname]: node.name, ...node.labels }, normalization);
    this.taints = node.taints;
    this.#ports = node.pods.flatMap((pod) => hostPortsOf(pod));
    this.#free = freeOf(node, remainingOverhead(node, this.labels, daemons));
  }

  /** The first failing check, or undefined when the pod may come. */
  reject(pod: PodToPlace, attempt: Attempt, topology: TopologyTracker): Rejection | undefined {
    for (const rejection of this.failures(pod, attempt, topology)) return rejection;
    return undefined;
  }

  /** Every failing check, in the order of S-308. */
  *failures(pod: PodToPlace, attempt: Attempt, topology: TopologyTracker): Generator<Rejection> {
    if (untolerated(this.taints, attempt.tolerations) !== undefined) yield REJECTED.taint;
    if (portConflict(pod.hostPorts, this.#ports) !== undefined) yield REJECTED.hostPort;
    if (!fits(pod.requests, this.#free)) yield { ...REJECTED.resources, request: pod.requests, free: this.#free };
    if (!this.labels.isCompatible(attempt.requirements)) yield this.#mismatch(attempt);
    const narrowed = topology.narrow(pod.topology, attempt, { host: this.host, requirements: this.labels });
    if ("rejected" in narrowed) yield narrowed;
    else if (!this.labels.isCompatible(narrowed)) yield REJECTED.unknownLabel;
  }

  get host(): string {
    return this.labels.get(Label.Hostname).single() ?? this.name;
  }

  add(pod: PodToPlace): void {
    this.pods.push(pod.pod);
    this.#free = subtractResources(this.#free, pod.requests);
    this.#ports.push(...pod.hostPorts);
  }

  #mismatch({ requirements }: Attempt): Rejection {
    return this.labels.compatible(requirements)?.kind === "Undefined" ? REJECTED.unknownLabel : REJECTED.mismatch;
  }
}

/** S-303. */
export function compareNodes(a: NodeInput, b: NodeInput): number {
  return Number(b.initialized) - Number(a.initialized) || compareText(a.name, b.name);
}

/** S-219. */
function freeOf(node: NodeInput, overhead: Resources): Resources {
  return subtractResources(node.allocatable, addResources(overhead, ...node.pods.map(podRequests)));
}

/** S-220: what DaemonSets will still bring; more than planned of them never makes room. */
function remainingOverhead(node: NodeInput, labels: Requirements, daemons: readonly DaemonPod[]): Resources {
  const expected = daemons.filter((daemon) => runsOnNode(daemon, labels, node.taints));
  const bound = addResources(...node.pods.filter(isDaemonSetPod).map(podRequests));
  const rest: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(addResources(...expected.map(({ requests }) => requests)))) {
    rest[resource] = Math.max(0, amount - (bound[resource] ?? 0));
  }
  return rest;
}
