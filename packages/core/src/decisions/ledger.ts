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
  /** What its machine costs; absent when that is not known. */
  readonly pricePerHour?: number;
  readonly currency?: string;
  /** How much its going would disturb. */
  readonly rescheduleCost?: number;
  /** All that holds it, the verdict's own obstacle first or among them. */
  readonly blockers?: readonly Blocker[];
  /** How often all nodes have been looked at by now, and when that was the last time, in epoch milliseconds. */
  readonly round?: number;
  readonly time?: number;
  /** Pods that keep it from being empty. */
  readonly emptinessPods?: number;
  /** How near it came to going: what would take its place costs so much per hour, and this is missing. */
  readonly nearest?: { readonly cost?: number; readonly missing: string };
}

export interface Blocker {
  readonly kind: "pod" | "pdb" | "node" | "budget" | "scheduling" | "price" | "time" | "state";
  readonly name: string;
  readonly text: string;
}

export interface Phase {
  readonly name: string;
  readonly start: number;
  /** Absent while it lasts. */
  readonly end?: number;
  /** "passed", or what became of the command in it. */
  readonly result?: string;
}

/** Of the pods that have an owner to make them anew. */
export interface Placement {
  readonly asPlanned: number;
  readonly elsewhere: number;
  /** They wait for a place, or are not there yet. */
  readonly pending: number;
}

/** What one command set out to do, how far it is, and what came of it (DX-1). */
export interface CommandRecord {
  readonly id: string;
  readonly method: string;
  readonly reason: string;
  readonly decision: "delete" | "replace";
  readonly nodes: readonly string[];
  readonly replacements: readonly { readonly types: readonly string[]; readonly pricePerHour?: number }[];
  /** Where the pods were to go; to "new#1" for the first replacement. */
  readonly moves: readonly { readonly pod: string; readonly from: string; readonly to: string }[];
  /** Absent when a price is not known. */
  readonly savingsPerHour?: number;
  /** What it saves until its nodes would have expired, but of one day at most. */
  readonly horizonSavings?: number;
  readonly moveCost: number;
  /** Of pools under the policy Balanced: the lowest. */
  readonly score?: number;
  /** What was looked at before, and why it was not chosen. */
  readonly alternatives?: readonly { readonly nodes: readonly string[]; readonly why: string }[];
  readonly phases: readonly Phase[];
  /** Where the successors of the moved pods are. */
  readonly actualPlacement?: Placement;
  readonly outcome?: "Done" | "PartlyDone" | "GivenUp";
  /** When it ended. */
  readonly end?: number;
  /** Why it was given up. */
  readonly why?: string;
}

const DEFAULT_CAPACITY = 2000;
/** Each may tell of many pods. */
const MOST_COMMANDS = 500;

export class DecisionLedger {
  readonly #capacity: number;
  readonly #decisions: Decision[] = [];
  readonly #latest = new Map<string, string>();
  #judgements: readonly NodeJudgement[] = [];
  readonly #commands = new Map<string, CommandRecord>();
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

  /** In place of what was said of it before; `keepPlace`: what is added later does not make it the newest. */
  command(record: CommandRecord, { keepPlace = false }: { readonly keepPlace?: boolean } = {}): void {
    if (keepPlace && !this.#commands.has(record.id)) return;
    if (!keepPlace) this.#commands.delete(record.id);
    this.#commands.set(record.id, record);
    const [oldest] = this.#commands.keys();
    if (this.#commands.size > MOST_COMMANDS && oldest !== undefined) this.#commands.delete(oldest);
  }

  /** The one that was heard of last is the last. */
  commands(): readonly CommandRecord[] {
    return [...this.#commands.values()];
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
