// Which topology rule keeps a pod off a node or a planned claim, as things stand when the packing is finished (S-413…S-422).

import type { PodReason } from "../../reasons/index.ts";
import { hasBit, isEmpty, membersOf } from "../compile/bits.ts";
import type { Stance } from "../compile/shapes.ts";
import type { HostCounts } from "../pack/host-counts.ts";
import type { Packer } from "../pack/packer.ts";

/** Rules about zones and the like are those of the stance the packer's choice was last prepared for. */
export class TopologyRefusals {
  readonly #packer: Packer;
  readonly #synced = new Set<number>();

  constructor(packer: Packer) {
    this.#packer = packer;
  }

  /** By zone and the like, which the labels of a node say; rules about hosts come on top. */
  onLabelsOf(node: number): { readonly refusal?: PodReason; readonly lacksLabel: boolean } {
    const { nodes, choice } = this.#packer;
    let lacksLabel = false;
    for (let rule = 0; rule < choice.count; rule++) {
      const key = choice.keyAt(rule);
      const valid = choice.validAt(rule);
      if (key === undefined || valid === undefined) continue;
      const domain = nodes.domainOf(node, key);
      if (domain < 0 && !isEmpty(valid)) lacksLabel = true;
      else if (domain < 0 || !hasBit(valid, domain))
        return { refusal: this.#refusalOf(choice.groupAt(rule)), lacksLabel };
    }
    return { lacksLabel };
  }

  onHostOf(node: number, stance: Stance): PodReason | undefined {
    const host = this.#packer.problem.nodes.hosts[node] ?? 0;
    return this.#onHost(stance, (counts) => counts.onHost(host));
  }

  onHostOfClaim(claim: number, stance: Stance): PodReason | undefined {
    return this.#onHost(stance, (counts) => counts.onClaim(claim));
  }

  /** When the claim's own places are the matter. */
  onClaim(claim: number, stance: Stance): PodReason {
    const { choice, claims, problem } = this.#packer;
    const merged = problem.book.intersect(claims.requirements[claim] ?? 0, Math.max(0, stance.onNewNode));
    for (let rule = 0; rule < choice.count; rule++) {
      const admitted = choice.keyAt(rule)?.admittedBy(Math.max(0, merged));
      const valid = choice.validAt(rule);
      if (valid && admitted && !valid.some((word, index) => (word & (admitted[index] ?? 0)) !== 0)) {
        return this.#refusalOf(choice.groupAt(rule));
      }
    }
    return this.#refusalOf(choice.groupAt(0));
  }

  /** The rules' own numbers are those before the solve. */
  syncCounts({ zonal, byHost }: Stance): void {
    for (const group of zonal) this.#sync(group);
    for (const group of byHost) this.#sync(group);
  }

  #onHost(stance: Stance, countOn: (counts: HostCounts) => number): PodReason | undefined {
    for (const [index, group] of stance.byHost.entries()) {
      const counts = this.#packer.groups.hosts[group];
      if (counts && !this.#allowsHost(group, index, stance, countOn(counts))) return this.#refusalOf(group);
    }
    return undefined;
  }

  #allowsHost(group: number, index: number, { zonal, ownPods }: Stance, count: number): boolean {
    const { groups, problem } = this.#packer;
    const countsItself = ownPods[zonal.length + index] === 1;
    switch (problem.topology.groups[group]?.rule.kind) {
      case "spread":
        return count + Number(countsItself) <= groups.limitsOf(group).maxSkew;
      case "affinity":
        return count > 0 || (countsItself && groups.hosts[group]?.taken === 0);
      default:
        return count === 0;
    }
  }

  #refusalOf(group: number): PodReason {
    return this.#packer.problem.topology.groups[group]?.refusal.rejected ?? "TopologySpread";
  }

  #sync(id: number): void {
    if (this.#synced.has(id)) return;
    this.#synced.add(id);
    const { groups, problem, claims } = this.#packer;
    const group = problem.topology.groups[id];
    const key = groups.keyOf(id);
    const counts = groups.counts[id];
    const known = groups.known[id];
    if (key !== undefined && counts !== undefined && known !== undefined) {
      group?.reset([...membersOf(known)].map((domain) => [key.names[domain] ?? "", counts[domain] ?? 0] as const));
      return;
    }
    const hosts = groups.hosts[id];
    if (hosts === undefined) return;
    const onNodes = problem.nodes.hostNames.map((name, host) => [name, hosts.onHost(host)] as const);
    const onClaims = Array.from(
      { length: claims.count },
      (_, claim) => [`new/${claim + 1}`, hosts.onClaim(claim)] as const,
    );
    group?.reset([...onNodes, ...onClaims]);
  }
}
