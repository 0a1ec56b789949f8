// The port to metrics. Every metric is declared once in metric-list.ts, with help text; the reference page is made from that list.

import type { MetricDefinition } from "./metric-definition.ts";
import type { MetricName } from "./metric-list.ts";

export type MetricLabels = Readonly<Record<string, string>>;

export interface Series {
  readonly labels: MetricLabels;
  /** A function is asked at each scrape: for what grows by itself. */
  readonly value: number | (() => number);
}

export interface Metrics {
  /** Counter += value (1). */
  count(name: MetricName, labels?: MetricLabels, value?: number): void;
  /** Gauge := value. */
  set(name: MetricName, labels: MetricLabels, value: number): void;
  /** Removes a gauge's series whose labels contain `labels`. */
  remove(name: MetricName, labels: MetricLabels): void;
  /** Histogram sample, in the metric's unit (seconds). */
  observe(name: MetricName, labels: MetricLabels, value: number): void;
  /**
   * Gauge per object: from now on these series and no others stand for `object`; an empty list when it is gone.
   * Series of different objects must differ in a label.
   */
  hold(name: MetricName, object: string, series: readonly Series[]): void;
  /** For a metric whose name or labels only the chosen provider tells. Before its first use; again with the same labels it changes nothing. */
  declare(definition: MetricDefinition): void;
}
