// A gauge with series for each of many objects: the text of a series is made when its object changes, not at each scrape.

import type { MetricDefinition } from "./metric-definition.ts";
import type { MetricLabels, Series } from "./metrics.ts";

interface Held {
  /** Lines that stay as they are. */
  readonly fixed: string;
  /** Beginnings of lines, each with the value it ends in. */
  readonly growing: readonly { readonly start: string; readonly value: () => number }[];
}

export class HeldGauge {
  readonly #definition: MetricDefinition;
  readonly #held = new Map<string, Held>();

  constructor(definition: MetricDefinition) {
    this.#definition = definition;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  hold(object: string, series: readonly Series[]): void {
    if (series.length === 0) {
      this.#held.delete(object);
      return;
    }
    let fixed = "";
    const growing: { start: string; value: () => number }[] = [];
    for (const { labels, value } of series) {
      const start = `${this.#definition.name}${this.#labelText(labels)} `;
      if (typeof value === "number") fixed += `${start}${valueText(value)}\n`;
      else growing.push({ start, value });
    }
    this.#held.set(object, { fixed, growing });
  }

  /** Prometheus' text format; the head stands there also without series, as that of every other metric. */
  render(): string {
    const { name, help } = this.#definition;
    let text = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} gauge\n`;
    for (const { fixed, growing } of this.#held.values()) {
      text += fixed;
      for (const { start, value } of growing) text += `${start}${valueText(value())}\n`;
    }
    return text;
  }

  /** In the order of the definition; an absent label is an empty one. */
  #labelText(labels: MetricLabels): string {
    const { labels: names } = this.#definition;
    if (names.length === 0) return "";
    return `{${names.map((name) => `${name}="${escaped(labels[name] ?? "")}"`).join(",")}}`;
  }
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escaped(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
