// A finished packing as explanations look at it: nodes and claims asked once more, and told in words why they refuse (S-621).

import type { InstanceType } from "../../provider/index.ts";
import type { PodReason } from "../../reasons/index.ts";
import { addResources, exceeded } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { DISJOINT } from "../compile/requirement-book.ts";
import type { RequirementBook } from "../compile/requirement-book.ts";
import type { Stance } from "../compile/shapes.ts";
import type { ExplainedLimits, ExplainedWorld } from "../explain/explained-world.ts";
import { countedOnce, LimitLedger } from "../limits.ts";
import { nearMiss, stageOf } from "../explain/nearest-miss.ts";
import type { Packer } from "../pack/packer.ts";
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
} from "../pack/verdict.ts";
import type { Verdict } from "../pack/verdict.ts";
import type { ClaimRules } from "../placement/settle-claim.ts";
import type { PodToPlace } from "../pod-to-place.ts";
import type { CandidateTally } from "../solution.ts";
import type { Template } from "../templates.ts";
import { NodeTally } from "./node-tally.ts";
import type { Asked } from "./node-tally.ts";
import { requestsIn } from "./requests-in.ts";
import { TopologyRefusals } from "./topology-refusals.ts";

const REASONS = new Map<Verdict, PodReason>([
  [TAINT, "TaintNotTolerated"],
  [MISMATCH, "RequirementMismatch"],
  [UNKNOWN_LABEL, "UnknownLabel"],
  [VOLUME_LIMIT, "VolumeLimit"],
  [HOST_PORT, "HostPort"],
  [RESOURCES, "InsufficientResources"],
  [VOLUME_TOPOLOGY, "VolumeTopology"],
  [NO_OPTION, "NoInstanceType"],
  [MIN_VALUES, "MinValues"],
  [RESERVATION, "ReservationBusy"],
]);

export class ExplainedPacking implements ExplainedWorld {
  readonly book: RequirementBook;
  readonly templates: readonly Template[];
  readonly limits: ExplainedLimits;
  readonly wellKnown: ClaimRules["wellKnown"];
  readonly maxInstanceTypes: number;
  readonly reservedCapacity: ClaimRules["reservedCapacity"];
  readonly minValuesPolicy: ClaimRules["minValuesPolicy"];
  readonly reservations: ClaimRules["reservations"];
  readonly reservationIdLabel?: string;
  readonly #packer: Packer;
  readonly #topology: TopologyRefusals;
  readonly #nodes: NodeTally;
  readonly #asked = new WeakMap<PodToPlace, Asked>();
  /** By request vector: one object for each, so that what it leads to can be remembered. */
  readonly #requests = new Map<number, Resources>();

  constructor(packer: Packer) {
    const { rules, problem } = packer;
    this.#packer = packer;
    this.#topology = new TopologyRefusals(packer);
    this.#nodes = new NodeTally(packer, this.#topology);
    this.book = problem.book;
    this.templates = problem.templates;
    this.limits = limitsOf(packer);
    this.wellKnown = rules.wellKnown;
    this.maxInstanceTypes = rules.maxInstanceTypes;
    this.reservedCapacity = rules.reservedCapacity;
    this.minValuesPolicy = rules.minValuesPolicy;
    this.reservations = rules.reservations;
    if (rules.reservationIdLabel !== undefined) this.reservationIdLabel = rules.reservationIdLabel;
  }

  /** Equal for pods that every candidate treats alike. */
  kindOf(index: number): number {
    const { shapeOfPod, vectorOfPod, vectors } = this.#packer.problem;
    return (shapeOfPod[index] ?? 0) * vectors.length + (vectorOfPod[index] ?? 0);
  }

  podToPlace(index: number): PodToPlace | undefined {
    const { problem } = this.#packer;
    const shape = this.#packer.shapeOf(index);
    const vector = this.#packer.vectorOf(index);
    const stance = shape?.stances.at(-1);
    const pod = problem.pods[index];
    if (shape === undefined || vector === undefined || stance === undefined || pod === undefined) return undefined;
    const { hostPorts, volumes, isMoving, attempts } = shape.draft;
    const requests = this.#requests.get(vector.index) ?? requestsIn(problem.resources, vector);
    this.#requests.set(vector.index, requests);
    const signature = `${shape.index}/${vector.index}`;
    const toPlace = { pod, requests, hostPorts, volumes, isMoving, attempts, topology: shape.selecting, signature };
    this.#asked.set(toPlace, { shape, stance, vector });
    this.#topology.syncCounts(stance);
    return toPlace;
  }

  tallyOfNodes(pod: PodToPlace): CandidateTally {
    const asked = this.#asked.get(pod);
    return asked === undefined ? { count: 0, byReason: {} } : this.#nodes.of(asked);
  }

  /** Each refuses for one reason; the one that failed latest is closest. */
  tallyOfClaims(pod: PodToPlace): CandidateTally {
    const asked = this.#asked.get(pod);
    if (asked === undefined) return { count: 0, byReason: {} };
    const { claims, choice } = this.#packer;
    choice.prepare(asked.stance);
    const byReason: Partial<Record<PodReason, number>> = {};
    let count = 0;
    let closest: { readonly claim: number; readonly failed: PodReason } | undefined;
    for (let claim = 0; claim < claims.count; claim++) {
      const failed = this.#refusalOfClaim(claim, asked);
      if (failed === undefined) continue;
      count++;
      byReason[failed] = (byReason[failed] ?? 0) + 1;
      if (closest === undefined || stageOf(failed) > stageOf(closest.failed)) closest = { claim, failed };
    }
    if (closest === undefined) return { count, byReason };
    const name = `${claims.poolOf(closest.claim)?.template.name ?? ""} claim ${closest.claim + 1}`;
    return { count, byReason, closest: nearMiss({ name, failed: closest.failed }) };
  }

  #refusalOfClaim(claim: number, { shape, stance, vector }: Asked): PodReason | undefined {
    const { trial } = this.#packer;
    const verdict = trial.join(claim, shape, stance, vector);
    // Trials look at room early because that is cheap; a person wants to hear first of what no room would help against.
    if (verdict === RESOURCES) return this.#whyNoOption(claim, stance);
    if (verdict !== ACCEPTED && verdict < TOPOLOGY) return REASONS.get(verdict);
    const onHost = this.#topology.onHostOfClaim(claim, stance);
    if (onHost !== undefined) return onHost;
    if (verdict === TOPOLOGY) return this.#topology.onClaim(claim, stance);
    if (verdict === NO_OPTION) return this.#whyNoOption(claim, stance);
    return REASONS.get(verdict);
  }

  /** Types that suit are there, so it is their size. */
  #whyNoOption(claim: number, stance: Stance): PodReason {
    const { claims, problem } = this.#packer;
    const merged = problem.book.intersect(claims.requirements[claim] ?? 0, Math.max(0, stance.onNewNode));
    if (merged === DISJOINT) return "RequirementMismatch";
    const suited = claims.poolOf(claim)?.options.matching(merged);
    const options = claims.options[claim];
    const some = options?.some((word, index) => (word & (suited?.[index] ?? 0)) !== 0);
    return some === true ? "InsufficientResources" : "NoInstanceType";
  }
}

function limitsOf({ problem: { input, pools }, pools: state }: Packer): ExplainedLimits {
  const ledger = new LimitLedger(input.nodePools, input.nodes);
  const used = new Map(pools.map((pool) => [pool.template.name, state.used(pool)]));
  const usedBy = (pool: string): Resources => used.get(pool) ?? ledger.used(pool);
  return {
    limits: (pool) => ledger.limits(pool),
    used: usedBy,
    exceededBy: (pool, { capacity }: InstanceType) =>
      exceeded(addResources(usedBy(pool), countedOnce(capacity)), ledger.limits(pool)),
  };
}
