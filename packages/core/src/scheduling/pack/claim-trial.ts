// What becomes of a claim when one more pod joins it, or of a pool when a pod opens a claim on it (S-309, S-501, S-1006).

import { untolerated } from "../../api/index.ts";
import { bitsFor, intersectInto, isEmpty } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import type { DomainKey } from "../compile/domain-book.ts";
import { groupsIn } from "../compile/pool-table.ts";
import type { PoolTable } from "../compile/pool-table.ts";
import type { CompiledProblem, RequestVector } from "../compile/problem.ts";
import { DISJOINT } from "../compile/requirement-book.ts";
import type { Shape, Stance } from "../compile/shapes.ts";
import { portConflict } from "../host-ports.ts";
import { typesOf } from "../placement/instance-filter.ts";
import { settled } from "../placement/settle-claim.ts";
import type { ClaimRules } from "../placement/settle-claim.ts";
import { AttachedVolumes, volumeOverrun } from "../volumes/attached-volumes.ts";
import { cheapestPlace } from "./cheapest-place.ts";
import type { ClaimTable } from "./claim-table.ts";
import { NOWHERE } from "./domain-choice.ts";
import type { DomainChoice } from "./domain-choice.ts";
import {
  ACCEPTED,
  HOST_PORT,
  MIN_VALUES,
  MISMATCH,
  NO_OPTION,
  RESERVATION,
  RESOURCES,
  TAINT,
  TOPOLOGY,
  UNKNOWN_LABEL,
  VOLUME_LIMIT,
  VOLUME_TOPOLOGY,
} from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

const NOTHING: RequestVector = { index: -1, amounts: new Float64Array(0), wanted: new Int32Array(0) };

/** A claim as it is, or as it would start. */
interface Candidate {
  pool: PoolTable;
  /** Its number, or the one it would get. */
  claim: number;
  isOpening: boolean;
  requirements: number;
  options: Bits;
}

export class ClaimTrial {
  /** What an accepted pod makes of the claim; the options only until the next trial. */
  requirements = 0;
  options: Bits = bitsFor(0);
  reservations: readonly string[] = [];
  /** Whether topology had a say in the last verdict, so that it may turn out otherwise later. */
  dependsOnTopology = false;
  readonly #problem: CompiledProblem;
  readonly #claims: ClaimTable;
  readonly #choice: DomainChoice;
  readonly #rules: ClaimRules;
  /** Whether a claim may hold capacity that others then have to do without. */
  readonly canReserve: boolean;
  #scratch: Bits = bitsFor(0);
  /** By stance: verdict on each pool's template. */
  readonly #onTemplates: Int8Array[] = [];

  constructor(
    problem: CompiledProblem,
    claims: ClaimTable,
    choice: DomainChoice,
    rules: ClaimRules,
    canReserve: boolean,
  ) {
    this.#problem = problem;
    this.#claims = claims;
    this.#choice = choice;
    this.#rules = rules;
    this.canReserve = canReserve;
  }

  join(claim: number, shape: Shape, stance: Stance, vector: RequestVector): Verdict {
    const pool = this.#claims.poolOf(claim);
    if (pool === undefined) return MISMATCH;
    const onTemplate = this.onTemplate(pool, stance);
    if (onTemplate !== ACCEPTED) return onTemplate;
    if (!this.hasRoom(claim, vector)) return RESOURCES;
    const options = this.#claims.options[claim] ?? bitsFor(0);
    const requirements = this.#claims.requirements[claim] ?? 0;
    return this.#try({ pool, claim, isOpening: false, requirements, options }, shape, stance, vector);
  }

  /** `within`: options that the pool's limits allow. */
  open(pool: PoolTable, within: Bits, shape: Shape, stance: Stance, vector: RequestVector): Verdict {
    const onTemplate = this.onTemplate(pool, stance);
    if (onTemplate !== ACCEPTED) return onTemplate;
    const { requirements } = pool;
    const claim = this.#claims.count;
    return this.#try({ pool, claim, isOpening: true, requirements, options: within }, shape, stance, vector);
  }

  /** Taints and requirements of the template alone: what pods on a claim brought along defines nothing (S-114a). */
  onTemplate({ index, template }: PoolTable, stance: Stance): Verdict {
    const known = (this.#onTemplates[stance.index] ??= new Int8Array(this.#problem.pools.length).fill(-1));
    const verdict = known[index] ?? -1;
    if (verdict >= 0) return verdict;
    return (known[index] = this.#judgeTemplate(template, stance));
  }

  /** A quick look: the most that any option left has room for. */
  hasRoom(claim: number, { amounts, wanted }: RequestVector): boolean {
    const { sums, most } = this.#claims;
    for (let i = 0; i < wanted.length; i++) {
      const resource = wanted[i] ?? 0;
      const total = (sums[resource]?.[claim] ?? 0) + (amounts[resource] ?? 0);
      if (total > (most[resource]?.[claim] ?? 0)) return false;
    }
    return true;
  }

  /** Whether a claim may be narrowed to these requirements although no pod joins it; the trial holds the outcome. */
  narrows(claim: number, requirements: number): boolean {
    const pool = this.#claims.poolOf(claim);
    if (pool === undefined || requirements === DISJOINT) return false;
    const options = (this.#claims.options[claim] ?? bitsFor(0)).slice();
    intersectInto(options, pool.options.matching(requirements));
    if (isEmpty(options)) return false;
    const candidate = { pool, claim, isOpening: false, requirements, options };
    return this.#settle(candidate, requirements, options, NOTHING) === ACCEPTED;
  }

  /** S-409: the place whose cheapest option costs least, then by name. `claim` as it is, without a new pod. */
  cheapestPlace(claim: number, key: DomainKey, domains: Bits): number {
    const pool = this.#claims.poolOf(claim);
    return pool === undefined
      ? -1
      : cheapestPlace(pool.options, this.#claims.options[claim] ?? bitsFor(0), key, domains);
  }

  #judgeTemplate({ taints, requirements }: PoolTable["template"], { attempt }: Stance): Verdict {
    if (untolerated(taints, attempt.tolerations) !== undefined) return TAINT;
    const { wellKnown } = this.#problem.book;
    if (requirements.isCompatible(attempt.requirements, wellKnown)) return ACCEPTED;
    return requirements.compatible(attempt.requirements, wellKnown)?.kind === "Undefined" ? UNKNOWN_LABEL : MISMATCH;
  }

  #try(candidate: Candidate, shape: Shape, stance: Stance, vector: RequestVector): Verdict {
    this.dependsOnTopology = false;
    const { book } = this.#problem;
    const own = stance.onNewNode === DISJOINT ? DISJOINT : book.intersect(candidate.requirements, stance.onNewNode);
    if (own === DISJOINT) return MISMATCH;
    let { options } = candidate;
    if (shape.mounts.length > 0) {
      options = this.#thatAttach(candidate, shape);
      if (isEmpty(options)) return VOLUME_LIMIT;
    }
    if (shape.hostPorts.length > 0) {
      const taken = candidate.isOpening ? [] : (this.#claims.ports[candidate.claim] ?? []);
      if (portConflict(shape.hostPorts, taken) !== undefined) return HOST_PORT;
    }
    let verdict: Verdict = VOLUME_TOPOLOGY;
    for (let i = 0; i < stance.alternatives.length; i++) {
      candidate.requirements = own;
      candidate.options = options;
      verdict = this.#tryPlace(candidate, stance.alternatives[i] ?? 0, shape, vector);
      if (verdict === ACCEPTED) return verdict;
    }
    return verdict;
  }

  #tryPlace(candidate: Candidate, place: number, shape: Shape, vector: RequestVector): Verdict {
    const { book } = this.#problem;
    const { pool } = candidate;
    if (place !== book.empty && !book.isCompatible(pool.requirements, place)) return VOLUME_TOPOLOGY;
    const merged = book.intersect(candidate.requirements, place);
    if (merged === DISJOINT) return VOLUME_TOPOLOGY;
    const fitting = this.#fitting(candidate, shape, vector);
    if (fitting === undefined) return HOST_PORT;
    let requirements = merged;
    if (this.#choice.count > 0) {
      this.dependsOnTopology = true;
      requirements = this.#choice.narrow(merged, (key, domains, within) => {
        const options = fitting.slice();
        intersectInto(options, pool.options.matching(within));
        return cheapestPlace(pool.options, options, key, domains);
      });
      if (requirements === NOWHERE) return TOPOLOGY;
      if (!this.#definesKeys(pool)) return UNKNOWN_LABEL;
    }
    intersectInto(fitting, pool.options.matching(requirements));
    if (isEmpty(fitting)) return NO_OPTION;
    return this.#settle(candidate, requirements, fitting, vector);
  }

  /** In a set that is used again for each trial, because most trials come to nothing. */
  #copied(options: Bits): Bits {
    if (this.#scratch.length !== options.length) this.#scratch = new Uint32Array(options.length);
    this.#scratch.set(options);
    return this.#scratch;
  }

  /** Options with room for the pod besides those on the claim; undefined when DaemonSets have all of its ports. */
  #fitting(
    { pool, claim, isOpening, options }: Candidate,
    shape: Shape,
    { amounts, wanted }: RequestVector,
  ): Bits | undefined {
    const fitting = this.#copied(options);
    if (shape.hostPorts.length > 0) {
      const { groups } = pool.template;
      const free = (group: number): boolean =>
        portConflict(shape.hostPorts, groups[group]?.hostPorts ?? []) === undefined;
      intersectInto(fitting, pool.options.inGroups(free));
      if (isEmpty(fitting)) return undefined;
    }
    for (let i = 0; i < wanted.length; i++) {
      const resource = wanted[i] ?? 0;
      const before = isOpening ? 0 : (this.#claims.sums[resource]?.[claim] ?? 0);
      const enough = pool.options
        .room(this.#problem.resources[resource] ?? "")
        .atLeast(before + (amounts[resource] ?? 0));
      if (enough !== undefined) intersectInto(fitting, enough);
    }
    return fitting;
  }

  /** S-508…S-514, for the pools that ask for such things. */
  #settle({ pool, claim, isOpening }: Candidate, requirements: number, options: Bits, vector: RequestVector): Verdict {
    this.requirements = requirements;
    this.options = options;
    this.reservations = [];
    if (!pool.hasMinValues && !this.canReserve) return ACCEPTED;
    const { book } = this.#problem;
    const state = {
      requirements: book.get(requirements),
      groups: groupsIn(pool, options),
      requests: this.#requests(claim, isOpening, vector),
    };
    const answer = settled({ host: hostOfClaim(claim), isOpening, state }, this.#rules);
    if ("rejected" in answer) return answer.rejected === "MinValues" ? MIN_VALUES : RESERVATION;
    if (answer.groups !== state.groups) {
      const types = new Set(typesOf(answer.groups));
      this.options = pool.options.among(options, (type) => types.has(type));
    }
    this.requirements = book.idOf(answer.requirements);
    this.reservations = answer.reservations;
    return ACCEPTED;
  }

  #requests(claim: number, isOpening: boolean, { amounts }: RequestVector): Record<string, number> {
    const requests: Record<string, number> = {};
    for (const [resource, name] of this.#problem.resources.entries()) {
      const before = isOpening ? 0 : (this.#claims.sums[resource]?.[claim] ?? 0);
      const total = before + (amounts[resource] ?? 0);
      if (total !== 0) requests[name] = total;
    }
    return requests;
  }

  /** S-236. */
  #thatAttach({ pool, claim, isOpening, options }: Candidate, { mounts }: Shape): Bits {
    const attached = (isOpening ? undefined : this.#claims.volumes[claim]) ?? new AttachedVolumes();
    const counts = attached.countsWith(mounts);
    return pool.options.among(options, ({ volumeLimits }) => volumeOverrun(counts, volumeLimits) === undefined);
  }

  #definesKeys({ template }: PoolTable): boolean {
    const { wellKnown } = this.#problem.book;
    for (let i = 0; i < this.#choice.count; i++) {
      const key = this.#choice.keyAt(i)?.key ?? "";
      if (!wellKnown.has(key) && !template.requirements.has(key)) return false;
    }
    return true;
  }
}

/** A slash cannot stand in a host's name, so no real node is ever called that. */
export function hostOfClaim(claim: number): string {
  return `new/${claim + 1}`;
}
