// Metrics in the form Prometheus scrapes.

import { Counter, Gauge, Histogram, Registry, Summary, collectDefaultMetrics } from "prom-client";

import { compareText } from "../units/index.ts";
import { HeldGauge } from "./held-gauge.ts";
import type { MetricDefinition } from "./metric-definition.ts";
import { METRICS } from "./metric-list.ts";
import type { MetricName } from "./metric-list.ts";
import type { MetricLabels, Metrics, Series } from "./metrics.ts";

/** Summaries look back as far as those of Karpenter. */
const SUMMARY_WINDOW = { maxAgeSeconds: 600, ageBuckets: 5 };

type Instrument =
  | { readonly type: "counter"; readonly of: Counter }
  | { readonly type: "gauge"; readonly of: Gauge; readonly series: Map<string, MetricLabels> }
  | { readonly type: "histogram"; readonly of: Histogram | Summary }
  | { readonly type: "held"; readonly of: HeldGauge };

interface Known {
  readonly definition: MetricDefinition;
  readonly instrument: Instrument;
}

export interface PromMetricsOptions {
  /** Adds process_* and nodejs_* (heap, event loop lag, garbage collection). @defaultValue false */
  readonly process?: boolean;
}

/** Throws on a name or label that metric-list.ts does not declare: a typing mistake must not become a lost metric. */
export class PromMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #known = new Map<string, Known>();
  readonly #collectors: (() => void)[] = [];
  readonly #used = new Set<string>();

  constructor(options: PromMetricsOptions = {}) {
    for (const definition of METRICS) this.declare(definition);
    if (options.process === true) collectDefaultMetrics({ register: this.#registry });
  }

  count(name: MetricName, labels: MetricLabels = {}, value = 1): void {
    const { definition, instrument } = this.#find(name);
    if (instrument.type !== "counter") throw new Error(`metric ${name} is a ${definition.type} and does not count`);
    instrument.of.inc(complete(definition, labels), value);
  }

  set(name: MetricName, labels: MetricLabels, value: number): void {
    const { definition, instrument } = this.#find(name);
    if (instrument.type !== "gauge") throw new Error(`metric ${name} is a ${definition.type} and cannot be set`);
    const full = complete(definition, labels);
    instrument.of.set(full, value);
    instrument.series.set(seriesKey(definition, full), full);
  }

  remove(name: MetricName, labels: MetricLabels): void {
    const { definition, instrument } = this.#find(name);
    if (instrument.type !== "gauge") throw new Error(`metric ${name} is a ${definition.type} and keeps its series`);
    complete(definition, labels);
    const wanted = Object.entries(labels);
    for (const [key, series] of instrument.series) {
      if (!wanted.every(([label, value]) => series[label] === value)) continue;
      instrument.of.remove(series);
      instrument.series.delete(key);
    }
  }

  observe(name: MetricName, labels: MetricLabels, value: number): void {
    const { definition, instrument } = this.#find(name);
    if (instrument.type !== "histogram") throw new Error(`metric ${name} is a ${definition.type} and takes no samples`);
    instrument.of.observe(complete(definition, labels), value);
  }

  hold(name: MetricName, object: string, series: readonly Series[]): void {
    const { definition, instrument } = this.#find(name);
    if (instrument.type !== "held") throw new Error(`metric ${name} is a ${definition.type} of no object`);
    for (const { labels } of series) refuseUnknown(definition, labels);
    instrument.of.hold(object, series);
  }

  declare(definition: MetricDefinition): void {
    const known = this.#known.get(definition.name);
    if (known && sameLabels(known.definition, definition)) return;
    if (known) this.#withdraw(known);
    this.#known.set(definition.name, { definition, instrument: this.#create(definition) });
  }

  /** Called before each rendering, for gauges that grow by themselves. */
  beforeRender(collector: () => void): void {
    this.#collectors.push(collector);
  }

  /** Prometheus' text format. */
  async render(): Promise<string> {
    for (const collect of this.#collectors) collect();
    let text = await this.#registry.metrics();
    for (const { instrument } of this.#known.values()) {
      if (instrument.type === "held") text += instrument.of.render();
    }
    return text;
  }

  /** @throws when it has been used: its series would be lost */
  #withdraw({ definition: { name }, instrument }: Known): void {
    const used = instrument.type === "held" ? !instrument.of.isEmpty : this.#used.has(name);
    if (used) throw new Error(`metric ${name} is in use already, with other labels`);
    this.#registry.removeSingleMetric(name);
  }

  #find(name: string): Known {
    const known = this.#known.get(name);
    if (known === undefined) throw new Error(`metric ${name} is not declared in the metric list`);
    this.#used.add(name);
    return known;
  }

  #create(definition: MetricDefinition): Instrument {
    const { name, help, type } = definition;
    if (definition.perObject) return { type: "held", of: new HeldGauge(definition) };
    const common = { name, help, labelNames: [...definition.labels], registers: [this.#registry] };
    switch (type) {
      case "counter":
        return { type, of: new Counter(common) };
      case "gauge":
        return { type, of: new Gauge(common), series: new Map() };
      case "histogram":
        return { type, of: new Histogram({ ...common, buckets: [...(definition.buckets ?? [])] }) };
      case "summary": {
        const percentiles = [...(definition.quantiles ?? [])];
        return { type: "histogram", of: new Summary({ ...common, ...SUMMARY_WINDOW, percentiles }) };
      }
    }
  }
}

/** Every series of a metric carries all its labels: absent and empty are the same to Prometheus, but two series to the client. */
function complete(definition: MetricDefinition, labels: MetricLabels): Record<string, string> {
  refuseUnknown(definition, labels);
  return Object.fromEntries(definition.labels.map((label) => [label, labels[label] ?? ""]));
}

function refuseUnknown(definition: MetricDefinition, labels: MetricLabels): void {
  const unknown = Object.keys(labels).filter((label) => !definition.labels.includes(label));
  if (unknown.length > 0) {
    const names = unknown.sort(compareText).join(", ");
    throw new Error(
      `metric ${definition.name} has no label ${names}; it has ${definition.labels.join(", ") || "none"}`,
    );
  }
}

function sameLabels(a: MetricDefinition, b: MetricDefinition): boolean {
  return a.labels.join() === b.labels.join();
}

function seriesKey(definition: MetricDefinition, labels: MetricLabels): string {
  return JSON.stringify(definition.labels.map((label) => labels[label]));
}
