// Real and in-flight nodes while the plan grows: what is still free, and a pod's trial on one of them (S-308).

import { untolerated } from "../../api/index.ts";
import { hasBit } from "../compile/bits.ts";
import type { DomainKey } from "../compile/domain-book.ts";
import type { CompiledProblem, RequestVector } from "../compile/problem.ts";
import type { Shape, Stance } from "../compile/shapes.ts";
import { portConflict } from "../host-ports.ts";
import type { HostPort } from "../host-ports.ts";
import { AttachedVolumes, volumeOverrun } from "../volumes/attached-volumes.ts";
import {
  ACCEPTED,
  HOST_PORT,
  MISMATCH,
  RESOURCES,
  SETTLING,
  TAINT,
  UNKNOWN_LABEL,
  VOLUME_LIMIT,
  VOLUME_TOPOLOGY,
} from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

const UNJUDGED = 0;
const TOLERATED = 1;
const NOT_TOLERATED = 2;

export class NodeState {
  readonly count: number;
  /** Pods in the order they came, as indices into the problem's pods. */
  readonly pods: number[][] = [];
  readonly #problem: CompiledProblem;
  readonly #free: readonly Float64Array[];
  readonly #ports: Map<number, readonly HostPort[]>;
  readonly #volumes = new Map<number, AttachedVolumes>();
  /** By stance and list of taints. */
  readonly #tolerance: Uint8Array[] = [];

  constructor(problem: CompiledProblem) {
    this.#problem = problem;
    const { nodes, resources } = problem;
    this.count = nodes.count;
    this.#free = resources.map((resource) => (nodes.free.get(resource) ?? new Float64Array(nodes.count)).slice());
    this.#ports = new Map(nodes.ports);
  }

  labelsOf(node: number): number {
    return this.#problem.nodes.labels[node] ?? 0;
  }

  taintsOf(node: number): number {
    return this.#problem.nodes.taints[node] ?? 0;
  }

  domainOf(node: number, key: DomainKey): number {
    return key.singleOf(this.labelsOf(node));
  }

  freeOf(node: number, resource: number): number {
    return this.#free[resource]?.[node] ?? 0;
  }

  /** Everything but topology; the first failing check. */
  check(node: number, shape: Shape, stance: Stance, vector: RequestVector): Verdict {
    if (shape.draft.isMoving && this.isSettling(node)) return SETTLING;
    if (!this.tolerates(node, stance)) return TAINT;
    if (shape.mounts.length > 0 && this.#overrun(node, shape)) return VOLUME_LIMIT;
    if (this.hasPortConflict(node, shape)) return HOST_PORT;
    if (!this.fits(node, vector)) return RESOURCES;
    return this.checkLabels(node, stance);
  }

  isSettling(node: number): boolean {
    return hasBit(this.#problem.nodes.settling, node);
  }

  fits(node: number, { amounts, wanted }: RequestVector): boolean {
    if (hasBit(this.#problem.nodes.overdrawn, node)) return false;
    for (let i = 0; i < wanted.length; i++) {
      const resource = wanted[i] ?? 0;
      if ((amounts[resource] ?? 0) > (this.#free[resource]?.[node] ?? 0)) return false;
    }
    return true;
  }

  checkLabels(node: number, { requirements, alternatives }: Stance): Verdict {
    const { book } = this.#problem;
    const labels = this.labelsOf(node);
    if (!book.isStrictlyCompatible(labels, requirements)) {
      return book.get(labels).compatible(book.get(requirements))?.kind === "Undefined" ? UNKNOWN_LABEL : MISMATCH;
    }
    return this.reachesVolumes(node, { alternatives }) ? ACCEPTED : VOLUME_TOPOLOGY;
  }

  reachesVolumes(node: number, { alternatives }: Pick<Stance, "alternatives">): boolean {
    const { book } = this.#problem;
    const labels = this.labelsOf(node);
    for (let i = 0; i < alternatives.length; i++) {
      if (book.isStrictlyCompatible(labels, alternatives[i] ?? 0)) return true;
    }
    return false;
  }

  hasPortConflict(node: number, { hostPorts }: Shape): boolean {
    return hostPorts.length > 0 && portConflict(hostPorts, this.#ports.get(node) ?? []) !== undefined;
  }

  add(node: number, pod: number, shape: Shape, { amounts, wanted }: RequestVector): void {
    (this.pods[node] ??= []).push(pod);
    for (let i = 0; i < wanted.length; i++) {
      const free = this.#free[wanted[i] ?? 0];
      if (free !== undefined) free[node] = (free[node] ?? 0) - (amounts[wanted[i] ?? 0] ?? 0);
    }
    if (shape.hostPorts.length > 0) this.#ports.set(node, [...(this.#ports.get(node) ?? []), ...shape.hostPorts]);
    if (shape.mounts.length > 0) this.#attachedTo(node).add(shape.mounts);
  }

  /** How many volumes of the driver the pod would make it, and how many the node takes. */
  overrunOn(node: number, { mounts }: Shape): ReturnType<typeof volumeOverrun> {
    if (mounts.length === 0) return undefined;
    return volumeOverrun(this.#attachedTo(node).countsWith(mounts), this.#problem.nodes.inputs[node]?.volumeLimits);
  }

  #overrun(node: number, shape: Shape): boolean {
    return this.overrunOn(node, shape) !== undefined;
  }

  #attachedTo(node: number): AttachedVolumes {
    const known = this.#volumes.get(node);
    if (known !== undefined) return known;
    const attached = new AttachedVolumes();
    for (const pod of this.#problem.nodes.inputs[node]?.pods ?? []) attached.add(this.#problem.volumes.mountsOf(pod));
    this.#volumes.set(node, attached);
    return attached;
  }

  tolerates(node: number, stance: Stance): boolean {
    const taints = this.taintsOf(node);
    const known = (this.#tolerance[stance.index] ??= new Uint8Array(this.#problem.taintLists.count));
    if (known[taints] === UNJUDGED) {
      const taint = untolerated(this.#problem.taintLists.get(taints), stance.attempt.tolerations);
      known[taints] = taint === undefined ? TOLERATED : NOT_TOLERATED;
    }
    return known[taints] === TOLERATED;
  }
}
