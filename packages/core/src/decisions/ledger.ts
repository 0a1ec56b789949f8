// The record of what was decided and why, newest last, bounded: what was done and what was declined alike.

export interface Decision {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Karpenter's name of the controller that decided. */
  readonly controller: string;
  /** "CreateNodeClaim", "DisruptNodes", "PodUnschedulable", … or a verdict code of reasons/. */
  readonly verdict: string;
  /** Kind and name of what it is about. */
  readonly subject: string;
  /** One sentence with the numbers that decided. */
  readonly detail: string;
}

/** What was last said about one node: why it stays, or that it goes (DX-1). */
export interface NodeJudgement {
  readonly node: string;
  readonly nodeClaim?: string;
  readonly nodePool?: string;
  /** A code of NODE_VERDICTS. */
  readonly verdict: string;
  /** One sentence: what holds the node, and what would release it. */
  readonly detail: string;
  /** Epoch milliseconds when this changes by itself, if it does. */
  readonly until?: number;
  /** Since when this is so. */
  readonly since: number;
}

const DEFAULT_CAPACITY = 2000;

export class DecisionLedger {
  readonly #capacity: number;
  readonly #decisions: Decision[] = [];
  readonly #latest = new Map<string, string>();
  #judgements: readonly NodeJudgement[] = [];
  readonly #listeners = new Set<(decision: Decision) => void>();

  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#capacity = capacity;
  }

  /** A verdict that repeats the last one about the same subject is not recorded again. */
  record(decision: Decision): void {
    const topic = `${decision.controller} ${decision.subject}`;
    const text = `${decision.verdict} ${decision.detail}`;
    if (this.#latest.get(topic) === text) return;
    this.#latest.delete(topic);
    this.#latest.set(topic, text);
    this.#decisions.push(decision);
    if (this.#decisions.length > this.#capacity) this.#decisions.shift();
    if (this.#latest.size > this.#capacity) this.#forgetOldestTopic();
    for (const listener of this.#listeners) listener(decision);
  }

  /** One for each node there is, after each round of looking at all of them; a node that is gone is forgotten. */
  judge(judgements: readonly NodeJudgement[]): void {
    const before = new Map(this.#judgements.map((judgement) => [judgement.node, judgement]));
    this.#judgements = judgements.map((judgement) => {
      const known = before.get(judgement.node);
      const isSame = known?.verdict === judgement.verdict && known.detail === judgement.detail;
      return isSame ? { ...judgement, since: known.since } : judgement;
    });
  }

  /** In the order in which they were given. */
  judgements(): readonly NodeJudgement[] {
    return this.#judgements;
  }

  list(): readonly Decision[] {
    return [...this.#decisions];
  }

  /** The returned function ends the subscription. */
  subscribe(listener: (decision: Decision) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #forgetOldestTopic(): void {
    const [oldest] = this.#latest.keys();
    if (oldest !== undefined) this.#latest.delete(oldest);
  }
}
