// Which places the topology rules of a pod leave, first whatever the candidate is, then for one candidate (S-413…S-422).

import { bitsFor, countBits, hasBit, lowest, setBit } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import type { DomainKey } from "../compile/domain-book.ts";
import { DISJOINT } from "../compile/requirement-book.ts";
import type { RequirementBook } from "../compile/requirement-book.ts";
import type { Stance } from "../compile/shapes.ts";
import { AFFINITY, SPREAD } from "../compile/topology-table.ts";
import type { GroupState } from "./group-state.ts";

/** No domain is left, or the candidate's requirements exclude it. */
export const NOWHERE = -1;

/** S-409: which of several equal domains is cheapest for the candidate; answers a domain. */
export type Chooser = (key: DomainKey, domains: Bits, requirements: number) => number;

interface RuleView {
  group: number;
  key: DomainKey | undefined;
  keyIndex: number;
  kind: number;
  /** Domains the rule leaves, whatever the candidate is. */
  valid: Bits;
  /** One domain only is to be taken although several are left (S-420). */
  takesOne: boolean;
}

export class DomainChoice {
  readonly #state: GroupState;
  readonly #book: RequirementBook;
  readonly #views: RuleView[] = [];
  #count = 0;
  #scratch: Bits = bitsFor(32);

  constructor(state: GroupState, book: RequirementBook) {
    this.#state = state;
    this.#book = book;
  }

  /** Rules in play since the last `prepare`. */
  get count(): number {
    return this.#count;
  }

  keyAt(rule: number): DomainKey | undefined {
    return this.#views[rule]?.key;
  }

  validAt(rule: number): Bits | undefined {
    return this.#views[rule]?.valid;
  }

  /** Its index among the problem's keys. */
  keyIndexAt(rule: number): number {
    return this.#views[rule]?.keyIndex ?? -1;
  }

  groupAt(rule: number): number {
    return this.#views[rule]?.group ?? -1;
  }

  /** Looks at the rules of one stance. Answers the position of a rule that leaves no domain at all, or -1. */
  prepare(stance: Stance): number {
    const { zonal, ownPods, strict } = stance;
    this.#count = zonal.length;
    let stuck = -1;
    for (let i = 0; i < zonal.length; i++) {
      const view = this.#viewAt(i);
      view.group = zonal[i] ?? 0;
      view.key = this.#state.keyOf(view.group);
      view.keyIndex = this.#state.keyIndexOf(view.group);
      view.kind = this.#state.kindOf(view.group);
      view.takesOne = false;
      if (!this.#judge(view, ownPods[i] === 1, strict) && stuck < 0) stuck = i;
    }
    return stuck;
  }

  /** Whether a node that is in this domain of each rule's key satisfies all of them. */
  allowsNode(domains: (key: DomainKey) => number): boolean {
    for (let i = 0; i < this.#count; i++) {
      const view = this.#views[i];
      if (view?.key === undefined) continue;
      const domain = domains(view.key);
      if (domain < 0 || !hasBit(view.valid, domain)) return false;
    }
    return true;
  }

  /** The candidate's requirements narrowed to what the rules leave; NOWHERE when that is nothing. */
  narrow(requirements: number, choose: Chooser): number {
    let narrowed = requirements;
    for (let i = 0; i < this.#count; i++) {
      const view = this.#views[i];
      const only = view === undefined ? NOWHERE : this.#leftBy(view, requirements, choose);
      if (only === NOWHERE) return NOWHERE;
      narrowed = this.#book.intersect(narrowed, only);
      if (narrowed === DISJOINT) return NOWHERE;
    }
    return narrowed;
  }

  /** Requirement set of the domains that one rule leaves of the candidate. */
  #leftBy(view: RuleView, requirements: number, choose: Chooser): number {
    const { key, valid, group, kind } = view;
    if (key === undefined) return NOWHERE;
    const left = this.#intersection(valid, key.admittedBy(requirements));
    let rest = countBits(left);
    if (rest === 0) return NOWHERE;
    if (kind === SPREAD) {
      keepLowest(left, this.#state.counts[group] ?? new Int32Array(0));
      rest = countBits(left);
    }
    if (rest > 1 && (kind === SPREAD || view.takesOne)) keepOnly(left, choose(key, left.slice(), requirements));
    return key.only(left);
  }

  #intersection(a: Bits, b: Bits): Bits {
    if (this.#scratch.length !== a.length) this.#scratch = new Uint32Array(a.length);
    const left = this.#scratch;
    for (let word = 0; word < a.length; word++) left[word] = (a[word] ?? 0) & (b[word] ?? 0);
    return left;
  }

  /** False when no domain is left. */
  #judge(view: RuleView, countsItself: boolean, strict: number): boolean {
    const { key, group, kind } = view;
    const counts = this.#state.counts[group];
    const known = this.#state.known[group];
    if (key === undefined || counts === undefined || known === undefined) return false;
    if (view.valid.length !== known.length) view.valid = new Uint32Array(known.length);
    const { valid } = view;
    const admitted = key.admittedBy(strict);
    if (kind === SPREAD)
      return spreadDomains(valid, { counts, known, admitted }, this.#state.limitsOf(group), countsItself);
    if (kind !== AFFINITY) return emptyDomains(valid, { counts, known, admitted });
    if (occupiedDomains(valid, { counts, known, admitted })) return true;
    // S-420: a pod that is its own company may start where none is yet that it could join.
    if (!countsItself) return false;
    view.takesOne = true;
    for (let word = 0; word < valid.length; word++) valid[word] = (known[word] ?? 0) & (admitted[word] ?? 0);
    return countBits(valid) > 0;
  }

  #viewAt(index: number): RuleView {
    const known = this.#views[index];
    if (known !== undefined) return known;
    const made: RuleView = { group: 0, key: undefined, keyIndex: -1, kind: 0, valid: bitsFor(0), takesOne: false };
    this.#views[index] = made;
    return made;
  }
}

interface Domains {
  readonly counts: Int32Array;
  readonly known: Bits;
  /** By what the pod itself strictly asks for. */
  readonly admitted: Bits;
}

/** S-413. */
function spreadDomains(
  valid: Bits,
  { counts, known, admitted }: Domains,
  { maxSkew, minDomains }: { readonly maxSkew: number; readonly minDomains: number },
  countsItself: boolean,
): boolean {
  let lowestCount = Number.POSITIVE_INFINITY;
  let admittedCount = 0;
  for (let domain = 0; domain < counts.length; domain++) {
    if (!hasBit(known, domain) || !hasBit(admitted, domain)) continue;
    admittedCount++;
    lowestCount = Math.min(lowestCount, counts[domain] ?? 0);
  }
  if (admittedCount < minDomains) lowestCount = 0;
  const most = maxSkew + lowestCount - Number(countsItself);
  let some = false;
  valid.fill(0);
  for (let domain = 0; domain < counts.length; domain++) {
    if (!hasBit(known, domain) || (counts[domain] ?? 0) > most) continue;
    setBit(valid, domain);
    some = true;
  }
  return some;
}

/** S-419. */
function occupiedDomains(valid: Bits, { counts, admitted }: Domains): boolean {
  return select(valid, counts, (domain, count) => count > 0 && hasBit(admitted, domain));
}

/** S-417, S-422. */
function emptyDomains(valid: Bits, { counts, known, admitted }: Domains): boolean {
  return select(valid, counts, (domain, count) => count === 0 && hasBit(known, domain) && hasBit(admitted, domain));
}

function select(valid: Bits, counts: Int32Array, test: (domain: number, count: number) => boolean): boolean {
  let some = false;
  valid.fill(0);
  for (let domain = 0; domain < counts.length; domain++) {
    if (!test(domain, counts[domain] ?? 0)) continue;
    setBit(valid, domain);
    some = true;
  }
  return some;
}

function keepLowest(domains: Bits, counts: Int32Array): void {
  let least = Number.POSITIVE_INFINITY;
  for (let word = 0; word < domains.length; word++) {
    for (let rest = domains[word] ?? 0; rest !== 0; rest &= rest - 1) {
      least = Math.min(least, counts[(word << 5) + lowest(rest)] ?? 0);
    }
  }
  for (let word = 0; word < domains.length; word++) {
    let kept = 0;
    for (let rest = domains[word] ?? 0; rest !== 0; rest &= rest - 1) {
      const bit = lowest(rest);
      if ((counts[(word << 5) + bit] ?? 0) === least) kept |= 1 << bit;
    }
    domains[word] = kept;
  }
}

function keepOnly(domains: Bits, domain: number): void {
  domains.fill(0);
  setBit(domains, domain);
}
