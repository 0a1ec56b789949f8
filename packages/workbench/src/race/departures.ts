// Why a claim was given up, told from the history alone: by hand, at its age, for a sick node, or by a command; and when its node's time is up.

import { getCondition, isConditionTrue, type Node, type NodeClaim } from "@karpenter-multicloud/core/api";
import { parseNillableDuration } from "@karpenter-multicloud/core/units";

/** Of a NodePool whose nodes are repaired. */
export interface RepairTerms {
  /** Real time. */
  readonly toleratedMs: number;
  readonly mostSick: number;
  readonly replaceFirst: boolean;
}

export interface DepartureTerms {
  /** Durations on objects pass so many times faster. */
  readonly timeScale: number;
  /** By NodePool. */
  readonly repairs: ReadonlyMap<string, RepairTerms>;
  /** Names of the claims and nodes that the race itself deleted. */
  readonly byHand: ReadonlySet<string>;
}

export const NO_TERMS: DepartureTerms = { timeScale: 1, repairs: new Map(), byHand: new Set() };

/** The API server's times have whole seconds, and changes of several resources are not heard of at the same time. */
const SLACK_MS = 2000;
/** What such a time stamp leaves open. */
const WHOLE_SECOND_MS = 1000;

interface Spell {
  readonly since: number;
  /** Undefined: it is still sick. */
  readonly until?: number;
}

export class Departures {
  readonly #terms: DepartureTerms;
  /** By node: when it was sick for the last time. */
  readonly #spells = new Map<string, Spell>();
  readonly #deadlines = new Map<string, number>();

  constructor(terms: DepartureTerms) {
    this.#terms = terms;
  }

  /** Each change of a Node comes by here, in order. */
  node(name: string, node: Node, at: number): void {
    const ready = getCondition(node, "Ready");
    const isSick = ready !== undefined && !isConditionTrue(node, "Ready");
    const spell = this.#spells.get(name);
    if (isSick && (!spell || spell.until !== undefined)) {
      // As the controller counts; whoever listens on a busy machine may hear of it late.
      this.#spells.set(name, { since: earlier(at, Date.parse(ready.lastTransitionTime ?? "")) });
    }
    if (!isSick && spell && spell.until === undefined) this.#spells.set(name, { ...spell, until: at });
  }

  /** When the claim was given up, if that was heard of at `at`. */
  givenUpAt({ metadata }: NodeClaim, at: number): number {
    return earlier(at, Date.parse(metadata.deletionTimestamp ?? "") + WHOLE_SECOND_MS);
  }

  /** Undefined: nothing explains it. "Unstarted" is no departure: nothing ever ran there. */
  reasonOf(claim: NodeClaim, node: string, pool: string, at: number): string | undefined {
    const { byHand } = this.#terms;
    if (byHand.has(claim.metadata.name ?? "") || byHand.has(node)) return "ByHand";
    if (this.#isRepairable(node, pool, this.givenUpAt(claim, at))) return "Unhealthy";
    if (this.#isExpired(claim)) return "Expired";
    const told = getCondition(claim, "DisruptionReason");
    if (told?.status === "True" && told.reason !== "Unhealthy") {
      const isExpiring = told.reason === "Drifted" && getCondition(claim, "Drifted")?.reason === "Expiring";
      return isExpiring ? "Expiring" : told.reason;
    }
    return isConditionTrue(claim, "Initialized") ? undefined : "Unstarted";
  }

  /** For whoever reads a finding. */
  describe(claim: NodeClaim, node: string, at: number): string {
    const { creationTimestamp, deletionTimestamp } = claim.metadata;
    const age = (Date.parse(deletionTimestamp ?? "") - Date.parse(creationTimestamp ?? "")) / 1000;
    const spell = this.#spells.get(node);
    const health = spell ? `sick for ${((spell.until ?? at) - spell.since) / 1000} s` : "never sick";
    return `${age} s old, expireAfter ${claim.spec.expireAfter ?? "Never"}, ${health}`;
  }

  /** From `deletionTimestamp` on, or by force at once: after this moment nothing on the node is protected any more. */
  leaves(claim: NodeClaim, node: string, reason: string | undefined): void {
    const left = Date.parse(claim.metadata.deletionTimestamp ?? "");
    const grace = claim.spec.terminationGracePeriod;
    const lasts = grace === undefined ? undefined : parseNillableDuration(grace);
    if (lasts !== undefined) this.#deadlines.set(node, left + lasts / this.#terms.timeScale);
    if (reason === "Unhealthy") this.#deadlines.set(node, left);
  }

  /** Whether the time of a leaving node is up, less the grace of its pods. */
  isOver(node: string, pool: string, at: number): boolean {
    return (
      at >= (this.#deadlines.get(node) ?? Number.POSITIVE_INFINITY) - SLACK_MS || this.#isRepairable(node, pool, at)
    );
  }

  /** How many of these nodes have been sick for long enough to be known to be. */
  sickAmong(nodes: readonly string[], at: number): number {
    return nodes.filter((name) => {
      const spell = this.#spells.get(name);
      return spell !== undefined && spell.until === undefined && at - spell.since > SLACK_MS;
    }).length;
  }

  repairTerms(pool: string): RepairTerms | undefined {
    return this.#terms.repairs.get(pool);
  }

  #isRepairable(node: string, pool: string, at: number): boolean {
    const terms = this.#terms.repairs.get(pool);
    const spell = this.#spells.get(node);
    if (!terms || !spell || (spell.until !== undefined && at - spell.until > SLACK_MS)) return false;
    return (spell.until ?? at) - spell.since >= terms.toleratedMs - SLACK_MS;
  }

  #isExpired({ metadata, spec }: NodeClaim): boolean {
    const lives = spec.expireAfter === undefined ? undefined : parseNillableDuration(spec.expireAfter);
    if (lives === undefined) return false;
    const age = Date.parse(metadata.deletionTimestamp ?? "") - Date.parse(metadata.creationTimestamp ?? "");
    return age >= lives / this.#terms.timeScale - 1000;
  }
}

/** The first where there is no second. */
function earlier(at: number, other: number): number {
  return Number.isNaN(other) ? at : Math.min(at, other);
}
