// Which labels of pods any selector in play looks at: pods that differ in others only are alike (S-1003).

import type { LabelSelector, Pod, PodAffinityTerm } from "../../api/index.ts";
import type { ProblemInput } from "../problem.ts";

/** Of rules that pods of the solve bring and of those that running pods carry. */
export class LabelKeys {
  readonly #keys = new Set<string>();
  #sorted: readonly string[] = [];
  /** Equal when the same labels are looked at; once all are added. */
  signature = "";

  addSpreadDefaults({ defaultSpread }: ProblemInput): void {
    for (const { selector } of defaultSpread?.owners ?? []) this.#add(selector);
  }

  addRulesOf({ spec }: Pod): void {
    for (const constraint of spec.topologySpreadConstraints ?? []) {
      this.#add(constraint.labelSelector);
      for (const key of constraint.matchLabelKeys ?? []) this.#keys.add(key);
    }
    const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
    for (const affinity of [podAffinity, podAntiAffinity]) {
      for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) this.addTerm(term);
      for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
        this.addTerm(podAffinityTerm);
      }
    }
  }

  addTerm({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: PodAffinityTerm): void {
    this.#add(labelSelector);
    for (const key of matchLabelKeys) this.#keys.add(key);
    for (const key of mismatchLabelKeys) this.#keys.add(key);
  }

  /** Once all are added. */
  finish(): void {
    this.#sorted = [...this.#keys].sort();
    this.signature = this.#sorted.join();
  }

  /** Equal for pods that every selector treats alike. */
  textOf({ metadata }: Pod): string {
    const { labels } = metadata;
    let text = metadata.namespace ?? "default";
    if (labels === undefined) return text;
    const sorted = this.#sorted;
    for (let index = 0; index < sorted.length; index++) {
      const value = labels[sorted[index] ?? ""];
      // Neither sign can stand in a label.
      if (value !== undefined) text += `|${index}=${value}`;
    }
    return text;
  }

  #add(selector: LabelSelector | undefined): void {
    for (const key in selector?.matchLabels) this.#keys.add(key);
    for (const { key } of selector?.matchExpressions ?? []) this.#keys.add(key);
  }
}
