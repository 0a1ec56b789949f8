// What a cloud's machines do to the Nodes of a real cluster, where the API server may be away: they try again until it answers, as kubelets do.

import type { Node } from "@karpenter-multicloud/core/api";
import { isConflict, KubeError, type KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks, NodeEdit } from "@karpenter-multicloud/core/testing";
import { milliseconds } from "@karpenter-multicloud/core/units";
import { MachineSide } from "@karpenter-multicloud/simulator";
import { READINESS_ANNOTATION } from "@karpenter-multicloud/testkit/control-plane";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export interface RealMachinesParts {
  readonly kube: KubeClient;
  readonly clock: Clock;
  /** Ends what is still being tried. */
  readonly signal: AbortSignal;
}

/** Pods are run by kwok, which is told to leave the readiness of these Nodes to us. */
export class RealMachines implements MachineHooks {
  readonly #parts: RealMachinesParts;
  readonly #side: MachineSide;

  constructor(parts: RealMachinesParts) {
    this.#parts = parts;
    this.#side = new MachineSide(parts.kube, parts.clock);
  }

  nodeJoins(node: Node): Promise<void> {
    const annotations = { ...node.metadata.annotations, [READINESS_ANNOTATION]: "fake-cloud" };
    const ours = { ...node, metadata: { ...node.metadata, annotations } };
    return this.#persist(() => this.#side.nodeJoins(ours));
  }

  nodeReady(name: string): Promise<void> {
    return this.#persist(() => this.#side.nodeReady(name));
  }

  nodeNotReady(name: string): Promise<void> {
    return this.#persist(() => this.#side.nodeNotReady(name));
  }

  nodeLeaves(name: string): Promise<void> {
    return this.#persist(() => this.#side.nodeLeaves(name));
  }

  nodeExists(name: string): Promise<boolean> {
    return this.#persist(() => this.#side.nodeExists(name));
  }

  nodeEdited(name: string, edit: NodeEdit): Promise<void> {
    return this.#persist(() => this.#side.nodeEdited(name, edit));
  }

  async #persist<T>(work: () => Promise<T>): Promise<T> {
    const { clock, signal } = this.#parts;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || !mayPass(error)) throw error;
      }
      await clock.sleep(milliseconds(pause), { signal });
    }
  }
}

/** The server is away, busy, or somebody wrote at the same time. */
function mayPass(error: unknown): boolean {
  if (!KubeError.is(error)) return false;
  return error.code === 0 || error.code === 429 || error.code >= 500 || isConflict(error);
}
