// How many pods that a rule selects run in each domain it knows (S-401, S-412).

import { Label, matchesSelector } from "../../api/index.ts";
import type { Pod, Taint } from "../../api/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { compareText } from "../../units/index.ts";
import type { PodReason } from "../../reasons/index.ts";
import type { Rejection } from "../placement/rejection.ts";
import { namespaceOf } from "./groups.ts";
import type { TopologyKind, TopologyRule } from "./groups.ts";
import { inScope } from "./namespaces.ts";
import { acceptsNode } from "./node-filter.ts";

const REASONS: Readonly<Record<TopologyKind, PodReason>> = {
  spread: "TopologySpread",
  affinity: "PodAffinity",
  "anti-affinity": "PodAntiAffinity",
  inverse: "InversePodAntiAffinity",
};

/** S-426. */
const SHOWN_DOMAINS = 25;

export class TopologyGroup {
  readonly id: number;
  readonly rule: TopologyRule;
  /** One object for all its refusals: they are made for every candidate. */
  readonly refusal: Rejection;
  readonly #counts = new Map<string, number>();

  constructor(id: number, rule: TopologyRule) {
    this.id = id;
    this.rule = rule;
    this.refusal = { rejected: REASONS[rule.kind], topology: this };
  }

  get isByHost(): boolean {
    return this.rule.key === Label.Hostname;
  }

  /** Known domains with the pods in them; order means nothing. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  count(domain: string): number {
    return this.#counts.get(domain) ?? 0;
  }

  register(domain: string): void {
    if (!this.#counts.has(domain)) this.#counts.set(domain, 0);
  }

  /** For explanations: where things stood at the end. */
  reset(counts: Iterable<readonly [string, number]>): void {
    this.#counts.clear();
    for (const [domain, count] of counts) this.#counts.set(domain, count);
  }

  selects(pod: Pod): boolean {
    const { namespaces, selector } = this.rule;
    return inScope(namespaces, namespaceOf(pod)) && matchesSelector(selector, pod.metadata.labels);
  }

  accepts(requirements: Requirements, taints: readonly Taint[]): boolean {
    return acceptsNode(this.rule.filter, requirements, taints);
  }

  /** S-412: only anti-affinity counts where the place is not settled yet, and then everywhere it may be. */
  record(requirements: Requirements): void {
    const { complement, values } = requirements.get(this.rule.key);
    const { kind } = this.rule;
    if (complement || (values.size > 1 && (kind === "spread" || kind === "affinity"))) return;
    for (const value of values) this.add(value);
  }

  add(domain: string): void {
    this.#counts.set(domain, this.count(domain) + 1);
  }

  /** What the rule asks, without what changes from round to round. */
  toString(): string {
    const { kind, key, maxSkew, minDomains } = this.rule;
    switch (kind) {
      case "spread":
        return `topology spread over ${key} with maxSkew ${maxSkew}${minDomains === undefined ? "" : ` and minDomains ${minDomains}`}`;
      case "affinity":
        return `pod affinity by ${key}`;
      case "anti-affinity":
        return `pod anti-affinity by ${key}`;
      case "inverse":
        return `anti-affinity by ${key} of pods that refuse this pod`;
    }
  }

  /** Pods per domain for a person, the fullest first. */
  describeCounts(): string {
    if (this.#counts.size === 0) return "no domain is known";
    const all = [...this.#counts].toSorted(([a, m], [b, n]) => n - m || compareText(a, b));
    const shown = all.slice(0, SHOWN_DOMAINS).map(([domain, count]) => `${domain} ${count}`);
    const rest = all.length - shown.length;
    return `pods per domain: ${shown.join(", ")}${rest > 0 ? ` and ${rest} other domains` : ""}`;
  }
}
