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

const DEFAULT_CAPACITY = 2000;

export class DecisionLedger {
  readonly #capacity: number;
  readonly #decisions: Decision[] = [];
  readonly #latest = new Map<string, string>();
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
