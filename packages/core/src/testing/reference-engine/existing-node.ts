// A pod on a node that exists or is on its way (S-303, S-305, S-308): room, taints, labels and ports as they really are.

import { Label, untolerated } from "../../api/index.ts";
import type { Pod, Taint } from "../../api/index.ts";
import { Requirements } from "../../requirements/index.ts";
import type { Normalization } from "../../requirements/index.ts";
import { addResources, compareText, fits, subtractResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { isDaemonSetPod, runsOnNode } from "../../scheduling/daemonsets.ts";
import type { DaemonPod } from "../../scheduling/daemonsets.ts";
import { hostPortsOf, portConflict } from "../../scheduling/host-ports.ts";
import type { HostPort } from "../../scheduling/host-ports.ts";
import { boundPodRequests } from "../../scheduling/pod-requests.ts";
import type { Attempt, PodToPlace } from "../../scheduling/pod-to-place.ts";
import type { TopologyTracker } from "./topology-tracker.ts";
import type { NodeInput } from "../../scheduling/problem.ts";
import { AttachedVolumes, volumeOverrun } from "../../scheduling/volumes/attached-volumes.ts";
import type { VolumeLimits } from "../../scheduling/volumes/attached-volumes.ts";
import type { VolumeBook } from "../../scheduling/volumes/volume-book.ts";
import { REJECTED } from "../../scheduling/placement/rejection.ts";
import type { Rejection } from "../../scheduling/placement/rejection.ts";

/** What must be known besides the node itself to say what it has room for. */
export interface NodeContext {
  readonly daemons: readonly DaemonPod[];
  readonly volumes: VolumeBook;
  readonly normalization?: Normalization;
}

export class ExistingNode {
  readonly name: string;
  /** Real labels. What pods ask of keys the node lacks never makes a label, so nothing is added here (S-114a). */
  readonly labels: Requirements;
  readonly taints: readonly Taint[];
  readonly settling: boolean;
  readonly pods: Pod[] = [];
  #free: Resources;
  readonly #ports: HostPort[];
  readonly #attached = new AttachedVolumes();
  readonly #volumeLimits: VolumeLimits | undefined;

  constructor(node: NodeInput, { daemons, volumes, normalization }: NodeContext) {
    this.name = node.name;
    this.labels = Requirements.fromLabels({ [Label.Hostname]: node.name, ...node.labels }, normalization);
    this.taints = node.taints;
    this.settling = node.settling ?? false;
    this.#ports = node.pods.flatMap((pod) => hostPortsOf(pod));
    this.#volumeLimits = node.volumeLimits;
    for (const pod of node.pods) this.#attached.add(volumes.mountsOf(pod));
    this.#free = freeOf(node, remainingOverhead(node, this.labels, daemons));
  }

  /** The first failing check, or undefined when the pod may come. */
  reject(pod: PodToPlace, attempt: Attempt, topology: TopologyTracker): Rejection | undefined {
    for (const rejection of this.failures(pod, attempt, topology)) return rejection;
    return undefined;
  }

  /** Every failing check, in the order of S-308. */
  *failures(pod: PodToPlace, attempt: Attempt, topology: TopologyTracker): Generator<Rejection> {
    if (this.settling && pod.isMoving) yield REJECTED.settling;
    if (untolerated(this.taints, attempt.tolerations) !== undefined) yield REJECTED.taint;
    const overrun = this.#overrun(pod);
    if (overrun !== undefined) yield overrun;
    if (portConflict(pod.hostPorts, this.#ports) !== undefined) yield REJECTED.hostPort;
    if (!fits(pod.requests, this.#free)) yield { ...REJECTED.resources, request: pod.requests, free: this.#free };
    if (!this.labels.isCompatible(attempt.requirements)) yield this.#mismatch(attempt);
    // A node's labels are settled, so an alternative that goes with them narrows nothing that topology would look at.
    if (!pod.volumes.alternatives.some((place) => this.labels.isCompatible(place))) yield REJECTED.volumeTopology;
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
    this.#attached.add(pod.volumes.mounts);
  }

  /** S-235. */
  #overrun({ volumes }: PodToPlace): Rejection | undefined {
    if (volumes.mounts.length === 0) return undefined;
    const overrun = volumeOverrun(this.#attached.countsWith(volumes.mounts), this.#volumeLimits);
    if (overrun === undefined) return undefined;
    const what = `volumes of ${overrun.driver}`;
    return { ...REJECTED.volumeLimit, request: { [what]: overrun.count }, free: { [what]: overrun.limit } };
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
  return subtractResources(node.allocatable, addResources(overhead, ...node.pods.map(boundPodRequests)));
}

/** S-220: what DaemonSets will still bring; more than planned of them never makes room. */
function remainingOverhead(node: NodeInput, labels: Requirements, daemons: readonly DaemonPod[]): Resources {
  const expected = daemons.filter((daemon) => runsOnNode(daemon, labels, node.taints));
  const bound = addResources(...node.pods.filter(isDaemonSetPod).map(boundPodRequests));
  const rest: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(addResources(...expected.map(({ requests }) => requests)))) {
    rest[resource] = Math.max(0, amount - (bound[resource] ?? 0));
  }
  return rest;
}
