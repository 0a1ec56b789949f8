// Rules out many candidates at once, 32 to a word, by what topology rules say of their hosts and places (S-1009, S-1010).

import { bitsFor, lowest } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import type { Stance } from "../compile/shapes.ts";
import { AFFINITY, SPREAD } from "../compile/topology-table.ts";
import type { ClaimTable } from "./claim-table.ts";
import type { DomainChoice } from "./domain-choice.ts";
import type { GroupState } from "./group-state.ts";

const ALL = -1;
const NOTHING = bitsFor(0);

export class CandidateFilter {
  readonly #groups: GroupState;
  readonly #claims: ClaimTable;
  readonly #choice: DomainChoice;
  /** What the last look found: hosts, and whether those are the allowed ones. */
  #bits: Bits = NOTHING;
  #isInside = false;
  readonly #sets: Bits[] = [];

  constructor(groups: GroupState, claims: ClaimTable, choice: DomainChoice) {
    this.#groups = groups;
    this.#claims = claims;
    this.#choice = choice;
  }

  /** Nodes of one word that every rule by host name allows. */
  hostsAllowNodes(stance: Stance, word: number): number {
    return this.#hostsAllow(stance, word);
  }

  /** Keeps those of the planned claims that every rule by host name allows. */
  keepAllowedHosts(stance: Stance, claims: Bits, words: number): void {
    for (let i = 0; i < stance.byHost.length; i++) {
      if (!this.#look(stance, i, true)) continue;
      const bits = this.#bits;
      for (let word = 0; word < words; word++) {
        const there = bits[word] ?? 0;
        claims[word] = (claims[word] ?? 0) & (this.#isInside ? there : ~there);
      }
    }
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

  /** Keeps those of the planned claims that may still end up in a place that each prepared rule allows. */
  keepAllowedPlaces(claims: Bits, words: number): void {
    for (let rule = 0; rule < this.#choice.count; rule++) {
      const valid = this.#choice.validAt(rule);
      if (valid === undefined) continue;
      const sets = this.#setsOf(this.#choice.keyIndexAt(rule), valid);
      for (let word = 0; word < words; word++) {
        let there = 0;
        for (let each = 0; each < sets; each++) there |= this.#sets[each]?.[word] ?? 0;
        claims[word] = (claims[word] ?? 0) & there;
      }
    }
  }

  /** Collects the claims that may be in each of the domains; answers how many domains. */
  #setsOf(key: number, domains: Bits): number {
    let count = 0;
    for (let part = 0; part < domains.length; part++) {
      for (let rest = domains[part] ?? 0; rest !== 0; rest &= rest - 1) {
        this.#sets[count++] = this.#claims.admitting(key, (part << 5) + lowest(rest)) ?? NOTHING;
      }
    }
    return count;
  }

  #hostsAllow(stance: Stance, word: number): number {
    let open = ALL;
    for (let i = 0; i < stance.byHost.length; i++) {
      if (!this.#look(stance, i, false)) continue;
      const there = this.#bits[word] ?? 0;
      open &= this.#isInside ? there : ~there;
    }
    return open;
  }

  /** Finds the hosts that one rule allows, or those it does not; false when it allows all. */
  #look({ byHost, zonal, ownPods }: Stance, rule: number, areClaims: boolean): boolean {
    const group = byHost[rule] ?? 0;
    const counts = this.#groups.hosts[group];
    if (counts === undefined) return false;
    const { taken, full, overfull } = areClaims ? counts.claims : counts.nodes;
    const kind = this.#groups.kindOf(group);
    const countsItself = ownPods[zonal.length + rule] === 1;
    this.#isInside = kind === AFFINITY;
    this.#bits = kind === SPREAD ? (countsItself ? full : overfull) : taken;
    return kind !== AFFINITY || !countsItself || counts.taken > 0;
  }
}
