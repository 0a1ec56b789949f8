// The second step of a solve: tries pods on nodes, planned claims and new ones, on numbers only (S-307, S-314, S-1007…S-1012).

import { bitsFor, lowest, setBit, wordsFor } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import type { CompiledProblem, RequestVector } from "../compile/problem.ts";
import type { Shape, Stance } from "../compile/shapes.ts";
import type { ClaimRules } from "../placement/settle-claim.ts";
import { ReservationManager } from "../reservations.ts";
import { CandidateFilter } from "./candidate-filter.ts";
import { ClaimTable } from "./claim-table.ts";
import { ClaimTrial, hostOfClaim } from "./claim-trial.ts";
import { ClosedCandidates } from "./closed-candidates.ts";
import { DomainChoice } from "./domain-choice.ts";
import { GroupState } from "./group-state.ts";
import { NodeState } from "./node-state.ts";
import { PoolState } from "./pool-limits.ts";
import { ACCEPTED, RESERVATION, RESOURCES } from "./verdict.ts";

/** S-511. */
const MAX_INSTANCE_TYPES = 600;

export const PLACED = 1;
export const FAILED = 2;
/** It waits for reserved capacity, and nothing else may be tried for it (S-515). */
export const DEFERRED = 3;

export class Packer {
  readonly problem: CompiledProblem;
  readonly nodes: NodeState;
  readonly claims: ClaimTable;
  readonly groups: GroupState;
  readonly pools: PoolState;
  readonly choice: DomainChoice;
  readonly trial: ClaimTrial;
  readonly rules: ClaimRules;
  /** Pods in the order they were placed, and how. */
  readonly placedPods: number[] = [];
  readonly stanceOfPod: Int32Array;
  readonly #closed: ClosedCandidates;
  readonly #filter: CandidateFilter;
  /** Where the last pod went: a node, or else a claim. */
  #lastNode = -1;
  #lastClaim = -1;
  #allowed: Bits = bitsFor(0);
  /** Words of it that are not empty, in their order. */
  #words: Int32Array = new Int32Array(0);

  constructor(problem: CompiledProblem) {
    const { input, reservedTypes } = problem;
    const { reservationIdLabel, reservedCapacity = "Strict", minValuesPolicy = "Strict" } = input;
    this.problem = problem;
    this.nodes = new NodeState(problem);
    this.claims = new ClaimTable(problem);
    this.groups = new GroupState(problem);
    this.pools = new PoolState(problem);
    this.choice = new DomainChoice(this.groups, problem.book);
    this.rules = {
      wellKnown: input.wellKnownLabels,
      maxInstanceTypes: input.maxInstanceTypes ?? MAX_INSTANCE_TYPES,
      reservedCapacity,
      minValuesPolicy,
      reservations: new ReservationManager(reservedTypes, reservationIdLabel),
      ...(reservationIdLabel !== undefined && { reservationIdLabel }),
    };
    const canReserve = reservedCapacity !== "Off" && reservedTypes.length > 0;
    this.trial = new ClaimTrial(problem, this.claims, this.choice, this.rules, canReserve);
    this.#closed = new ClosedCandidates(problem);
    this.#filter = new CandidateFilter(this.groups, this.claims, this.choice);
    this.stanceOfPod = new Int32Array(problem.pods.length).fill(-1);
  }

  /** S-321: each stance in turn, always from the existing nodes again. */
  place(pod: number): number {
    const shape = this.shapeOf(pod);
    if (shape === undefined) return FAILED;
    for (const stance of shape.stances) {
      const outcome = this.placeAs(pod, shape, stance);
      if (outcome !== FAILED) return outcome;
    }
    return FAILED;
  }

  placeAs(pod: number, shape: Shape, stance: Stance): number {
    const vector = this.vectorOf(pod);
    if (vector === undefined || this.choice.prepare(stance) >= 0) return FAILED;
    const node = this.#findNode(shape, stance, vector);
    if (node >= 0) {
      this.#putOnNode(pod, node, shape, stance, vector);
      return PLACED;
    }
    const claim = this.#findClaim(shape, stance, vector);
    if (claim >= 0) {
      this.#putOnClaim(pod, claim, shape, stance, vector);
      return PLACED;
    }
    return this.#openClaim(pod, shape, stance, vector);
  }

  /**
   * S-1013. `pods`: all like one that was placed a moment ago. Answers how many of them, from the first on, go where it went;
   * what becomes of the others has to be found out one by one.
   */
  placeAlike(like: number, pods: readonly number[]): number {
    const [shape, vector] = [this.shapeOf(like), this.vectorOf(like)];
    const stance = shape?.stances[0];
    if (shape === undefined || stance === undefined || vector === undefined) return 0;
    if (this.#lastNode >= 0) return this.#fillNode(pods, shape, stance, vector);
    return this.#fillClaim(pods, shape, stance, vector);
  }

  shapeOf(pod: number): Shape | undefined {
    return this.problem.shapes[this.problem.shapeOfPod[pod] ?? -1];
  }

  vectorOf(pod: number): RequestVector | undefined {
    return this.problem.vectors[this.problem.vectorOfPod[pod] ?? -1];
  }

  /** The nodes before it have refused such a pod, and do so again. */
  #fillNode(pods: readonly number[], shape: Shape, stance: Stance, vector: RequestVector): number {
    const node = this.#lastNode;
    let count = 0;
    while (count < pods.length && this.nodes.check(node, shape, stance, vector) === ACCEPTED) {
      this.#putOnNode(pods[count++] ?? 0, node, shape, stance, vector);
    }
    return count;
  }

  #fillClaim(pods: readonly number[], shape: Shape, stance: Stance, vector: RequestVector): number {
    const { claims, trial } = this;
    const claim = this.#lastClaim;
    const pool = claims.poolOf(claim);
    if (pool === undefined || pool.hasMinValues || trial.canReserve) return 0;
    this.#allowClaims(stance, vector);
    let most = Math.min(pods.length, claims.turnsBefore(claim, this.#allowed));
    let least = 0;
    // How many fit is found by halving: what has room for more has room for fewer.
    while (least < most) {
      const middle = Math.ceil((least + most) / 2);
      if (trial.join(claim, shape, stance, times(vector, middle)) === ACCEPTED) least = middle;
      else most = middle - 1;
    }
    if (least === 0 || trial.join(claim, shape, stance, times(vector, least)) !== ACCEPTED) return 0;
    claims.narrow(claim, trial.requirements, trial.options);
    this.pools.rebook(pool, claim, trial.options);
    for (let each = 0; each < least; each++) {
      claims.addPod(claim, pods[each] ?? 0, vector.amounts);
      this.#note(pods[each] ?? 0, stance);
    }
    return least;
  }

  #findNode(shape: Shape, stance: Stance, vector: RequestVector): number {
    const { nodes } = this;
    if (nodes.count === 0) return -1;
    const { always, forSize } = this.#closed.nodesFor(stance, vector);
    const words = wordsFor(nodes.count);
    for (let word = 0; word < words; word++) {
      let open = ~((always[word] ?? 0) | (forSize[word] ?? 0)) & this.#filter.hostsAllowNodes(stance, word);
      if (word === words - 1 && (nodes.count & 31) !== 0) open &= (1 << (nodes.count & 31)) - 1;
      for (; open !== 0; open &= open - 1) {
        const node = (word << 5) + lowest(open);
        const verdict = nodes.check(node, shape, stance, vector);
        if (verdict === RESOURCES) setBit(forSize, node);
        else if (verdict !== ACCEPTED) setBit(always, node);
        else if (this.choice.allowsNode((key) => nodes.domainOf(node, key))) return node;
      }
    }
    return -1;
  }

  /** Fewest pods first, then the older one (S-318); the trial holds what the pod would make of it. */
  #findClaim(shape: Shape, stance: Stance, vector: RequestVector): number {
    const { claims, trial } = this;
    if (claims.count === 0) return -1;
    const count = this.#allowClaims(stance, vector);
    if (count === 0) return -1;
    const allowed = this.#allowed;
    const words = this.#words;
    for (let size = 1; size < claims.buckets.length; size++) {
      const bucket = claims.buckets[size];
      if (bucket === undefined || claims.bucketSizes[size] === 0) continue;
      for (let place = 0; place < count; place++) {
        const word = words[place] ?? 0;
        for (let open = (bucket[word] ?? 0) & (allowed[word] ?? 0); open !== 0; open &= open - 1) {
          const claim = (word << 5) + lowest(open);
          const verdict = trial.join(claim, shape, stance, vector);
          if (verdict === ACCEPTED) return claim;
          if (verdict !== RESERVATION) this.#closed.closeClaim(claim, verdict, stance, vector, trial.dependsOnTopology);
        }
      }
    }
    return -1;
  }

  #openClaim(pod: number, shape: Shape, stance: Stance, vector: RequestVector): number {
    if (!this.#filter.allowsNewClaim(stance)) return FAILED;
    for (const pool of this.problem.pools) {
      const within = this.pools.optionsOf(pool);
      if (within === undefined) continue;
      const verdict = this.trial.open(pool, within, shape, stance, vector);
      if (verdict === RESERVATION && this.rules.reservedCapacity === "Strict") return DEFERRED;
      if (verdict !== ACCEPTED) continue;
      const claim = this.claims.open(pool);
      this.#putOnClaim(pod, claim, shape, stance, vector);
      return PLACED;
    }
    return FAILED;
  }

  #putOnNode(pod: number, node: number, shape: Shape, stance: Stance, vector: RequestVector): void {
    const { nodes } = this;
    this.#lastNode = node;
    nodes.add(node, pod, shape, vector);
    this.groups.recordOnNode(shape, stance, node, nodes.labelsOf(node), nodes.taintsOf(node));
    this.#note(pod, stance);
  }

  #putOnClaim(pod: number, claim: number, shape: Shape, stance: Stance, vector: RequestVector): void {
    const { claims, trial } = this;
    const pool = claims.poolOf(claim);
    if (pool === undefined) return;
    this.#lastNode = -1;
    this.#lastClaim = claim;
    const { requirements, reservations } = trial;
    claims.addPod(claim, pod, vector.amounts);
    claims.narrow(claim, requirements, trial.options);
    claims.reservations[claim] = reservations;
    if (shape.hostPorts.length > 0) claims.ports[claim] = [...(claims.ports[claim] ?? []), ...shape.hostPorts];
    if (shape.mounts.length > 0) claims.attach(claim, shape.mounts);
    this.rules.reservations.hold(hostOfClaim(claim), reservations);
    this.pools.rebook(pool, claim, trial.options);
    this.groups.recordOnClaim(shape, stance, claim, requirements, pool.taints);
    this.#note(pod, stance);
  }

  #note(pod: number, stance: Stance): void {
    this.placedPods.push(pod);
    this.stanceOfPod[pod] = stance.index;
  }

  /** Claims worth a trial, as far as whole sets of them can be ruled out. Answers how many words have any. */
  #allowClaims(stance: Stance, vector: RequestVector): number {
    const { claims } = this;
    const words = wordsFor(claims.count);
    if (this.#allowed.length < words) {
      this.#allowed = bitsFor(Math.max(words * 2, 16) << 5);
      this.#words = new Int32Array(this.#allowed.length);
    }
    const allowed = this.#allowed;
    const { always, forSize, forBoth } = this.#closed.claimsFor(stance, vector);
    for (let word = 0; word < words; word++) {
      allowed[word] = ~((always[word] ?? 0) | (forSize[word] ?? 0) | (forBoth?.[word] ?? 0));
    }
    const last = words - 1;
    if ((claims.count & 31) !== 0) allowed[last] = (allowed[last] ?? 0) & ((1 << (claims.count & 31)) - 1);
    this.#filter.keepAllowedHosts(stance, allowed, words);
    this.#filter.keepAllowedPlaces(allowed, words);
    let count = 0;
    for (let word = 0; word < words; word++) if (allowed[word] !== 0) this.#words[count++] = word;
    return count;
  }
}

/** What so many of such pods ask for together. */
function times({ index, amounts, wanted }: RequestVector, count: number): RequestVector {
  return { index, amounts: amounts.map((amount) => amount * count), wanted };
}
