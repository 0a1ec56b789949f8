// Rules out many candidates at once, 32 to a word, by what topology rules say of their hosts and places (S-1009, S-1010).

import { lowest } from "../compile/bits.ts";
import type { Stance } from "../compile/shapes.ts";
import { AFFINITY, SPREAD } from "../compile/topology-table.ts";
import type { ClaimTable } from "./claim-table.ts";
import type { DomainChoice } from "./domain-choice.ts";
import type { GroupState } from "./group-state.ts";

const ALL = -1;

export class CandidateFilter {
  readonly #groups: GroupState;
  readonly #claims: ClaimTable;
  readonly #choice: DomainChoice;

  constructor(groups: GroupState, claims: ClaimTable, choice: DomainChoice) {
    this.#groups = groups;
    this.#claims = claims;
    this.#choice = choice;
  }

  /** Nodes of one word that every rule by host name allows. */
  hostsAllowNodes(stance: Stance, word: number): number {
    return this.#hostsAllow(stance, word, false);
  }

  /** The same for planned claims. */
  hostsAllowClaims(stance: Stance, word: number): number {
    return this.#hostsAllow(stance, word, true);
  }

  /** A new host is empty, which only suits pods that need no company or are their own. */
  allowsNewClaim({ byHost, zonal, ownPods }: Stance): boolean {
    for (let i = 0; i < byHost.length; i++) {
      const group = byHost[i] ?? 0;
      if (this.#groups.kindOf(group) !== AFFINITY) continue;
      const countsItself = ownPods[zonal.length + i] === 1;
      if (!countsItself || (this.#groups.hosts[group]?.taken ?? 0) > 0) return false;
    }
    return true;
  }

  /** Claims of one word that may still end up in a place that each prepared rule allows. */
  placesAllowClaims(word: number): number {
    let open = ALL;
    for (let rule = 0; rule < this.#choice.count && open !== 0; rule++) {
      const valid = this.#choice.validAt(rule);
      const key = this.#choice.keyIndexAt(rule);
      if (valid === undefined) continue;
      let there = 0;
      for (let part = 0; part < valid.length; part++) {
        for (let rest = valid[part] ?? 0; rest !== 0; rest &= rest - 1) {
          there |= this.#claims.admitting(key, (part << 5) + lowest(rest))?.[word] ?? 0;
        }
      }
      open &= there;
    }
    return open;
  }

  #hostsAllow({ byHost, zonal, ownPods }: Stance, word: number, areClaims: boolean): number {
    let open = ALL;
    for (let i = 0; i < byHost.length; i++) {
      const group = byHost[i] ?? 0;
      const counts = this.#groups.hosts[group];
      if (counts === undefined) continue;
      const { taken, full, overfull } = areClaims ? counts.claims : counts.nodes;
      const kind = this.#groups.kindOf(group);
      const countsItself = ownPods[zonal.length + i] === 1;
      if (kind === SPREAD) open &= ~((countsItself ? full : overfull)[word] ?? 0);
      else if (kind !== AFFINITY) open &= ~(taken[word] ?? 0);
      else if (!countsItself || counts.taken > 0) open &= taken[word] ?? 0;
    }
    return open;
  }
}
