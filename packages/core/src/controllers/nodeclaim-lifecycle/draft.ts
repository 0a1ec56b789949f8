// The claim while one reconcile works on it: what is stored, and what it shall become.

import {
  ConditionSet,
  type ConditionStatus,
  type NodeClaim,
  type NodeClaimStatus,
  type ObjectMeta,
} from "../../api/index.ts";
import type { Duration } from "../../units/index.ts";

/** What a step asks of the frame. */
export interface StepResult {
  readonly requeueAfter?: Duration;
  /** The claim was deleted in this step; nothing of it is worth writing. */
  readonly deleted?: boolean;
}

/** Mutable on purpose: several steps leave their marks on one draft, which is written once. */
export class Draft {
  readonly stored: NodeClaim;
  readonly #now: () => number;
  #conditions: ConditionSet;
  #labels: Readonly<Record<string, string>>;
  #annotations: Readonly<Record<string, string>>;
  #status: NodeClaimStatus;

  constructor(stored: NodeClaim, now: () => number) {
    this.stored = stored;
    this.#now = now;
    this.#conditions = ConditionSet.forNodeClaim(stored, now());
    this.#labels = stored.metadata.labels ?? {};
    this.#annotations = stored.metadata.annotations ?? {};
    this.#status = stored.status ?? {};
  }

  get name(): string {
    return this.stored.metadata.name ?? "";
  }

  get uid(): string {
    return this.stored.metadata.uid ?? "";
  }

  get conditions(): ConditionSet {
    return this.#conditions;
  }

  setCondition(type: string, status: ConditionStatus, reason?: string, message?: string): void {
    // LC-3: a cloud may take a minute to answer, and the change happens after that.
    this.#conditions = this.#conditions.at(this.#now()).set(type, status, reason, message);
  }

  /** Labels given later never replace the claim's own ones (LC-17). */
  addLabels(labels: Readonly<Record<string, string>> | undefined): void {
    this.#labels = { ...labels, ...this.#labels };
  }

  /** The provider's annotations win (LC-17). */
  addAnnotations(annotations: Readonly<Record<string, string>> | undefined): void {
    this.#annotations = { ...this.#annotations, ...annotations };
  }

  addStatus(status: NodeClaimStatus): void {
    this.#status = { ...this.#status, ...status };
  }

  /** The claim as it shall be, conditions included. */
  get claim(): NodeClaim {
    const metadata: ObjectMeta = { ...this.stored.metadata, labels: this.#labels, annotations: this.#annotations };
    return { ...this.stored, metadata, status: { ...this.#status, conditions: this.#conditions.toList() } };
  }
}
