// Whether NodeClaims and machines belong together one to one, and whether a machine went that nobody wanted to go.

import { isConditionTrue, type NodeClaim } from "@karpenter-multicloud/core/api";
import type { CloudMachine, Stage } from "../stage/index.ts";

/** What is not in order at rest; empty when each NodeClaim has its one machine and no machine is without one. */
export function judge(claims: readonly NodeClaim[], machines: readonly CloudMachine[]): readonly string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const claim of claims) {
    const { name = "", deletionTimestamp } = claim.metadata;
    const id = claim.status?.providerID ?? "";
    if (deletionTimestamp !== undefined) problems.push(`NodeClaim ${name} does not end`);
    else if (id === "") problems.push(`NodeClaim ${name} has no machine`);
    else if (!isConditionTrue(claim, "Registered")) problems.push(`NodeClaim ${name} with ${id} is not registered`);
    const found = machines.filter(({ providerID }) => id !== "" && providerID === id);
    if (id !== "" && deletionTimestamp === undefined && found.length !== 1) {
      problems.push(`NodeClaim ${name} has ${found.length} machines ${id}`);
    }
    if (id !== "") owners.set(id, name);
  }
  for (const { id, providerID } of machines) {
    if (!owners.has(providerID ?? ""))
      problems.push(`machine ${id} (${providerID ?? "no provider ID"}) has no NodeClaim`);
  }
  return problems;
}

/** Machines that were asked to go although their NodeClaim was to stay, and NodeClaims that ended before their machine did. */
export class WrongEnds {
  readonly found: string[] = [];
  readonly #stage: Stage;
  readonly #judged = new Set<string>();
  /** Provider ID → NodeClaim, as of the last look. */
  #owners = new Map<string, string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  look(claims: readonly NodeClaim[]): void {
    const machines = new Map(this.#stage.cloud.machines().map((machine) => [machine.providerID ?? "", machine]));
    const owners = new Map<string, string>();
    for (const { metadata, status } of claims) {
      const id = status?.providerID ?? "";
      if (id === "") continue;
      owners.set(id, metadata.name ?? "");
      if (metadata.deletionTimestamp !== undefined || machines.get(id)?.leaving !== true) continue;
      this.#note(id, `machine ${id} goes although NodeClaim ${metadata.name} stays`);
    }
    for (const [id, name] of this.#owners) {
      if (owners.has(id) || machines.get(id)?.leaving !== false) continue;
      this.#note(id, `NodeClaim ${name} has ended and its machine ${id} runs on`);
    }
    this.#owners = owners;
  }

  #note(id: string, problem: string): void {
    if (this.#judged.has(id)) return;
    this.#judged.add(id);
    this.found.push(problem);
  }
}
