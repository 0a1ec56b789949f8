// What a cloud's machines do to the Nodes of a real cluster, where the API server may be away: they try again until it answers, as kubelets do.

import { Nodes, type Node } from "@karpenter-multicloud/core/api";
import { isConflict, KubeError, type KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks, NodeEdit } from "@karpenter-multicloud/core/testing";
import { milliseconds, seconds } from "@karpenter-multicloud/core/units";
import { MachineSide } from "@karpenter-multicloud/simulator";
import { READINESS_ANNOTATION } from "@karpenter-multicloud/testkit/control-plane";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** A cluster whose API server was away for a while takes every node for lost until its kubelet reports again. */
const REPORT_EVERY = seconds(5);

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
  /** Names of Nodes whose machines are well. */
  readonly #well = new Set<string>();

  constructor(parts: RealMachinesParts) {
    this.#parts = parts;
    this.#side = new MachineSide(parts.kube, parts.clock);
    void this.#keepReporting().catch(() => undefined);
  }

  nodeJoins(node: Node): Promise<void> {
    const annotations = { ...node.metadata.annotations, [READINESS_ANNOTATION]: "fake-cloud" };
    const ours = { ...node, metadata: { ...node.metadata, annotations } };
    return this.#persist(() => this.#side.nodeJoins(ours));
  }

  nodeReady(name: string): Promise<void> {
    this.#well.add(name);
    return this.#persist(() => this.#side.nodeReady(name));
  }

  nodeNotReady(name: string): Promise<void> {
    this.#well.delete(name);
    return this.#persist(() => this.#side.nodeNotReady(name));
  }

  nodeLeaves(name: string): Promise<void> {
    this.#well.delete(name);
    return this.#persist(() => this.#side.nodeLeaves(name));
  }

  nodeExists(name: string): Promise<boolean> {
    return this.#persist(() => this.#side.nodeExists(name));
  }

  nodeEdited(name: string, edit: NodeEdit): Promise<void> {
    return this.#persist(() => this.#side.nodeEdited(name, edit));
  }

  /** As kubelets do, until the signal ends it. */
  async #keepReporting(): Promise<void> {
    const { kube, clock, signal } = this.#parts;
    for (;;) {
      await clock.sleep(REPORT_EVERY, { signal });
      if (this.#well.size === 0) continue;
      const nodes = await kube.list(Nodes, { signal }).then(
        ({ items }) => items,
        () => [],
      );
      const silent = nodes.filter((node) => this.#well.has(node.metadata.name ?? "") && !isReady(node));
      for (const { metadata } of silent) await this.#side.nodeReady(metadata.name ?? "").catch(() => undefined);
    }
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

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
}

/** The server is away, busy, or somebody wrote at the same time. */
function mayPass(error: unknown): boolean {
  if (!KubeError.is(error)) return false;
  return error.code === 0 || error.code === 429 || error.code >= 500 || isConflict(error);
}
