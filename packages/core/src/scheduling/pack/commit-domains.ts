// When a pod finds no place only because claims have not settled where they will be, settles as few of them as it takes (S-1024).

import { bitsFor, clearBit, hasBit, isEmpty, membersOf, setBit } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import { MANY } from "../compile/domain-book.ts";
import type { DomainKey } from "../compile/domain-book.ts";
import type { Shape, Stance } from "../compile/shapes.ts";
import { AFFINITY, SPREAD } from "../compile/topology-table.ts";
import { hostOfClaim } from "./claim-trial.ts";
import { FAILED } from "./packer.ts";
import type { Packer } from "./packer.ts";
import { ACCEPTED } from "./verdict.ts";

/** A claim and the domain it is to be in. */
interface Commitment {
  readonly claim: number;
  readonly key: DomainKey;
  readonly domain: number;
}

export class DomainCommitter {
  /** Claims settled so far. */
  commitments = 0;
  readonly #packer: Packer;

  constructor(packer: Packer) {
    this.#packer = packer;
  }

  /** PLACED when settling some claims made room for the pod, else FAILED. */
  place(pod: number): number {
    const shape = this.#packer.shapeOf(pod);
    if (shape === undefined) return FAILED;
    for (const stance of shape.stances) {
      if (!this.#couldGoSomewhere(pod, shape, stance)) continue;
      const commitments = this.#commitmentsFor(stance);
      if (commitments.length === 0) continue;
      for (const commitment of commitments) this.#commit(commitment);
      const outcome = this.#packer.placeAs(pod, shape, stance);
      if (outcome !== FAILED) return outcome;
    }
    return FAILED;
  }

  /** Nothing is settled for a pod that has other troubles. */
  #couldGoSomewhere(pod: number, shape: Shape, stance: Stance): boolean {
    const { nodes, problem, trial } = this.#packer;
    const vector = this.#packer.vectorOf(pod);
    if (vector === undefined) return false;
    if (problem.pools.some((pool) => trial.onTemplate(pool, stance) === ACCEPTED)) return true;
    for (let node = 0; node < nodes.count; node++) {
      if (nodes.check(node, shape, stance, vector) === ACCEPTED) return true;
    }
    return false;
  }

  #commitmentsFor({ zonal, strict }: Stance): readonly Commitment[] {
    const commitments: Commitment[] = [];
    for (const group of zonal) {
      const kind = this.#packer.groups.kindOf(group);
      if (kind === SPREAD) continue;
      const wanted = kind === AFFINITY ? this.#forCompany(group, strict) : this.#forDistance(group, strict);
      commitments.push(...wanted);
    }
    return commitments;
  }

  /** One claim with pods the pod wants to be near, where none of them has a settled place yet (S-424). */
  #forCompany(group: number, strict: number): readonly Commitment[] {
    const { groups } = this.#packer;
    const key = groups.keyOf(group);
    const counts = groups.counts[group];
    if (key === undefined || counts === undefined) return [];
    const admitted = key.admittedBy(strict);
    if (counts.some((count, domain) => count > 0 && hasBit(admitted, domain))) return [];
    for (const claim of groups.unsettledClaims(group)) {
      if (this.#isSettled(claim, key)) continue;
      const domain = this.#bestDomain(claim, key, intersection(this.#openTo(claim, key), admitted));
      if (domain !== undefined) return [{ claim, key, domain }];
    }
    return [];
  }

  /** The claims that keep one domain closed without needing it: as few as possible, each with another place to be (S-423). */
  #forDistance(group: number, strict: number): readonly Commitment[] {
    const { groups } = this.#packer;
    const key = groups.keyOf(group);
    const counts = groups.counts[group];
    const known = groups.known[group];
    if (key === undefined || counts === undefined || known === undefined) return [];
    const wanted = intersection(known, key.admittedBy(strict));
    if ([...membersOf(wanted)].some((domain) => counts[domain] === 0)) return [];
    const claims = groups.unsettledClaims(group).filter((claim) => !this.#isSettled(claim, key));
    let best: readonly Commitment[] = [];
    for (const domain of membersOf(wanted)) {
      const commitments = this.#clearing(domain, key, claims, group);
      if (commitments.length > 0 && (best.length === 0 || commitments.length < best.length)) best = commitments;
    }
    return best;
  }

  /** Moves away every claim that only may come to the domain; none when that would not empty it. */
  #clearing(domain: number, key: DomainKey, claims: readonly number[], group: number): readonly Commitment[] {
    const { groups } = this.#packer;
    const blocking = claims.filter((claim) => hasBit(this.#openTo(claim, key), domain));
    const pods = blocking.reduce((sum, claim) => sum + this.#podsCounted(claim, group), 0);
    if (pods !== groups.counts[group]?.[domain]) return [];
    const commitments: Commitment[] = [];
    for (const claim of blocking) {
      const others = this.#openTo(claim, key).slice();
      clearBit(others, domain);
      const other = this.#bestDomain(claim, key, others);
      if (other === undefined) return [];
      commitments.push({ claim, key, domain: other });
    }
    return commitments;
  }

  #commit({ claim, key, domain }: Commitment): void {
    const { claims, groups, pools, problem, rules, trial } = this.#packer;
    const pool = claims.poolOf(claim);
    const before = claims.requirements[claim] ?? 0;
    if (pool === undefined || !trial.narrows(claim, problem.book.intersect(before, key.only(only(key, domain)))))
      return;
    const after = trial.requirements;
    // What changes nothing must not look like progress, or the queue would never end.
    if (after === before) return;
    this.commitments++;
    claims.narrow(claim, after, trial.options);
    claims.reservations[claim] = trial.reservations;
    rules.reservations.hold(hostOfClaim(claim), trial.reservations);
    pools.rebook(pool, claim, trial.options);
    for (const group of this.#groupsOn(claim)) {
      if (groups.keyOf(group) === key) groups.recommit(group, before, after, pool.taints);
    }
  }

  /** S-409 among the domains that keep every spread constraint of its pods: the emptiest for them, then the cheapest. */
  #bestDomain(claim: number, key: DomainKey, domains: Bits): number | undefined {
    const { claims, problem, trial } = this.#packer;
    const possible = bitsFor(key.names.length);
    for (const domain of membersOf(domains)) {
      const requirements = problem.book.intersect(claims.requirements[claim] ?? 0, key.only(only(key, domain)));
      if (this.#keepsSkew(claim, key, domain) && trial.narrows(claim, requirements)) {
        setBit(possible, domain);
      }
    }
    return isEmpty(possible) ? undefined : trial.cheapestPlace(claim, key, possible);
  }

  #keepsSkew(claim: number, key: DomainKey, domain: number): boolean {
    const { groups } = this.#packer;
    const spreads = this.#groupsOn(claim).filter(
      (group) => groups.kindOf(group) === SPREAD && groups.keyOf(group) === key,
    );
    return [...new Set(spreads)].every((group) => {
      const counts = groups.counts[group];
      const known = groups.known[group];
      if (counts === undefined || known === undefined) return false;
      const lowest = Math.min(...[...membersOf(known)].map((each) => counts[each] ?? 0));
      const more = spreads.filter((each) => each === group).length;
      return (counts[domain] ?? 0) + more - lowest <= groups.limitsOf(group).maxSkew;
    });
  }

  #isSettled(claim: number, key: DomainKey): boolean {
    return key.singleOf(this.#packer.claims.requirements[claim] ?? 0) !== MANY;
  }

  #openTo(claim: number, key: DomainKey): Bits {
    return key.admittedBy(this.#packer.claims.requirements[claim] ?? 0);
  }

  #podsCounted(claim: number, group: number): number {
    return this.#groupsOn(claim).filter((each) => each === group).length;
  }

  /** Rules that count pods of the claim, once for each pod. */
  #groupsOn(claim: number): readonly number[] {
    const { claims, problem, stanceOfPod } = this.#packer;
    return (claims.pods[claim] ?? []).flatMap((pod) => {
      const shape: Shape | undefined = this.#packer.shapeOf(pod);
      const stance = problem.stances[stanceOfPod[pod] ?? -1];
      return [...(shape?.counted ?? []), ...(stance?.carried ?? [])];
    });
  }
}

function only({ names }: DomainKey, domain: number): Bits {
  const bits = bitsFor(names.length);
  setBit(bits, domain);
  return bits;
}

function intersection(a: Bits, b: Bits): Bits {
  return a.map((word, index) => word & (b[index] ?? 0));
}
