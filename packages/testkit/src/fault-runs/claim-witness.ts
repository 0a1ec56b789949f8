// Somebody who watches NodeClaims on their own and remembers every one there ever was, and which machine it said was its.

import { NodeClaims, type NodeClaim } from "@karpenter-multicloud/core/api";
import type { KubeReader } from "@karpenter-multicloud/core/kube";

export class ClaimWitness {
  /** Uid → provider IDs its status ever showed. */
  readonly #machines = new Map<string, Set<string>>();

  /** Until the signal ends it. */
  async watch(kube: KubeReader, signal: AbortSignal): Promise<void> {
    for await (const event of kube.watch(NodeClaims, { resourceVersion: "0", signal })) {
      if (event.type === "ADDED" || event.type === "MODIFIED") this.#see(event.object);
    }
  }

  get claims(): number {
    return this.#machines.size;
  }

  /** Those that ever had a machine. */
  get served(): number {
    return [...this.#machines.values()].filter((machines) => machines.size > 0).length;
  }

  /** Claims that changed their machine, and machines that two claims called theirs. */
  contradictions(): readonly string[] {
    const owners = new Map<string, string>();
    const found: string[] = [];
    for (const [uid, machines] of this.#machines) {
      if (machines.size > 1) found.push(`NodeClaim ${uid} had the machines ${[...machines].join(", ")}`);
      for (const machine of machines) {
        const other = owners.get(machine);
        if (other !== undefined) found.push(`${machine} belonged to the NodeClaims ${other} and ${uid}`);
        owners.set(machine, uid);
      }
    }
    return found;
  }

  #see(claim: NodeClaim): void {
    const { uid = "" } = claim.metadata;
    const machines = this.#machines.get(uid) ?? new Set<string>();
    this.#machines.set(uid, machines);
    if (claim.status?.providerID) machines.add(claim.status.providerID);
  }
}
