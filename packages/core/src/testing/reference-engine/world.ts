// Everything one solve works on: the nodes that are there, the claims planned so far, what the pools can add and how far they may grow.

import type { PodReason } from "../../reasons/index.ts";
import { compareText } from "../../units/index.ts";
import { daemonPods } from "../../scheduling/daemonsets.ts";
import type { ExplainedWorld } from "../../scheduling/explain/explained-world.ts";
import { LimitLedger } from "../../scheduling/limits.ts";
import { tally } from "../../scheduling/explain/nearest-miss.ts";
import type { Refusal } from "../../scheduling/explain/nearest-miss.ts";
import { compareNodes, ExistingNode } from "./existing-node.ts";
import { groupsWithinLimits, NewClaim } from "./new-claim.ts";
import { typesOf } from "../../scheduling/placement/instance-filter.ts";
import type { Attempt, PodToPlace } from "../../scheduling/pod-to-place.ts";
import type { ProblemInput } from "../../scheduling/problem.ts";
import { templatesOf } from "../../scheduling/templates.ts";
import type { Template } from "../../scheduling/templates.ts";
import { ReservationManager } from "../../scheduling/reservations.ts";
import type { CandidateTally, RelaxedPod } from "../../scheduling/solution.ts";
import { TopologyTracker } from "./topology-tracker.ts";
import { VolumeBook } from "../../scheduling/volumes/volume-book.ts";

/** Deferred: it waits for reserved capacity, and nothing else may be tried for it (S-515). */
export type PlacementOutcome = "placed" | "failed" | "deferred";

/**
 * Which of two claims with equally many pods is tried first: the older one, as this product has it, or the one that was
 * before the other until now, as in Karpenter while it has at most a dozen of them (S-318).
 */
export type Ties = "oldestFirst" | "asBefore";

/** S-511. */
const MAX_INSTANCE_TYPES = 600;

export class World implements ExplainedWorld {
  readonly wellKnown: ReadonlySet<string>;
  readonly nodes: readonly ExistingNode[];
  readonly templates: readonly Template[];
  readonly limits: LimitLedger;
  readonly topology: TopologyTracker;
  readonly volumes: VolumeBook;
  readonly reservations: ReservationManager;
  readonly reservedCapacity: NonNullable<ProblemInput["reservedCapacity"]>;
  readonly reservationIdLabel?: string;
  readonly minValuesPolicy: NonNullable<ProblemInput["minValuesPolicy"]>;
  readonly maxInstanceTypes: number;
  /** S-329, in the order they were placed. */
  readonly relaxed: RelaxedPod[] = [];
  /** In the order they were opened. */
  readonly claims: NewClaim[] = [];
  #trialOrder: readonly NewClaim[] = [];
  readonly #ties: Ties;

  constructor(input: ProblemInput, ties: Ties = "oldestFirst") {
    this.#ties = ties;
    const { normalization, minValuesPolicy = "Strict", reservedCapacity = "Strict", reservationIdLabel } = input;
    const reading = normalization && { normalization };
    this.minValuesPolicy = minValuesPolicy;
    this.reservedCapacity = reservedCapacity;
    if (reservationIdLabel !== undefined) this.reservationIdLabel = reservationIdLabel;
    this.maxInstanceTypes = input.maxInstanceTypes ?? MAX_INSTANCE_TYPES;
    const daemons = daemonPods(input.daemonSets, normalization);
    this.wellKnown = input.wellKnownLabels;
    const idLabel = reservationIdLabel === undefined ? {} : { reservationIdLabel };
    const context = { daemons, wellKnown: this.wellKnown, minValuesPolicy, reservedCapacity, ...idLabel, ...reading };
    this.templates = templatesOf(input.nodePools, context);
    this.reservations = new ReservationManager(
      this.templates.flatMap(({ sold }) => typesOf(sold)),
      reservationIdLabel,
    );
    this.limits = new LimitLedger(input.nodePools, input.nodes);
    this.topology = new TopologyTracker(input, this.templates);
    this.volumes = new VolumeBook(input.storage, normalization);
    this.nodes = input.nodes
      .toSorted((a, b) => compareNodes(a, b) || compareText(a.nodePool ?? "", b.nodePool ?? ""))
      .map((node) => new ExistingNode(node, { daemons, volumes: this.volumes, ...reading }));
  }

  /** S-307 for each attempt in turn, always from the existing nodes again (S-321). */
  place(pod: PodToPlace): PlacementOutcome {
    for (const attempt of pod.attempts) {
      const isKnownPlace = this.#onExisting(pod, attempt) || this.#onPlanned(pod, attempt);
      const outcome = isKnownPlace ? "placed" : this.#onNew(pod, attempt);
      if (outcome === "failed") continue;
      const { relaxed } = attempt;
      if (outcome === "placed" && relaxed.length > 0) this.relaxed.push({ pod: pod.pod, relaxed });
      return outcome;
    }
    return "failed";
  }

  tallyOfNodes(pod: PodToPlace, attempt: Attempt): CandidateTally {
    const refusals = this.nodes.flatMap((node): readonly Refusal[] => {
      const failures = [...node.failures(pod, attempt, this.topology)];
      const { request, free } = failures.find((failure) => failure.request !== undefined) ?? {};
      if (failures.length === 0) return [];
      const reasons = failures.map(({ rejected }) => rejected);
      return [{ name: node.name, reasons, ...(request && { request }), ...(free && { free }) }];
    });
    return tally(refusals);
  }

  tallyOfClaims(pod: PodToPlace, attempt: Attempt): CandidateTally {
    const refusals = this.claims.flatMap((claim, index): readonly Refusal[] => {
      const answer = claim.tryPod(pod, attempt, this);
      const name = `${claim.template.name} claim ${index + 1}`;
      return "rejected" in answer ? [{ name, reasons: [answer.rejected] }] : [];
    });
    return tally(refusals);
  }

  #onExisting(pod: PodToPlace, attempt: Attempt): boolean {
    const node = this.nodes.find((each) => each.reject(pod, attempt, this.topology) === undefined);
    if (node === undefined) return false;
    node.add(pod);
    this.topology.record(pod.topology, attempt, { requirements: node.labels, taints: node.taints });
    return true;
  }

  #onPlanned(pod: PodToPlace, attempt: Attempt): boolean {
    return this.#trialOrder.some((claim) => this.#join(claim, pod, attempt) === undefined);
  }

  #onNew(pod: PodToPlace, attempt: Attempt): PlacementOutcome {
    for (const template of this.templates) {
      const groups = groupsWithinLimits(template, this.limits);
      if ("rejected" in groups || groups.length === 0) continue;
      // A slash cannot stand in a host's name, so no real node is ever called that.
      const claim = new NewClaim(template, groups, `new/${this.claims.length + 1}`);
      const rejection = this.#join(claim, pod, attempt);
      if (rejection === "ReservationBusy" && this.reservedCapacity === "Strict") return "deferred";
      if (rejection !== undefined) continue;
      this.claims.push(claim);
      this.topology.addHost(claim.host);
      this.#sort([...this.#trialOrder, claim]);
      return "placed";
    }
    return "failed";
  }

  /** Undefined when it is done, else why it cannot be. */
  #join(claim: NewClaim, pod: PodToPlace, attempt: Attempt): PodReason | undefined {
    const narrowed = claim.tryPod(pod, attempt, this);
    if ("rejected" in narrowed) return narrowed.rejected;
    claim.add(pod, narrowed, this.limits);
    this.reservations.hold(claim.host, narrowed.reservations);
    const { requirements, template } = claim;
    this.topology.record(pod.topology, attempt, { requirements, taints: template.taints });
    this.#sort(this.#trialOrder);
    return undefined;
  }

  /** S-318: fewest pods first. The sort is stable, so that among equals the order before it decides. */
  #sort(claims: readonly NewClaim[]): void {
    const before = this.#ties === "oldestFirst" ? this.claims : claims;
    this.#trialOrder = before.toSorted((a, b) => a.pods.length - b.pods.length);
  }
}
