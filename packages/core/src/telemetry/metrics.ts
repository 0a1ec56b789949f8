// The port to metrics. Every metric is declared once in metric-list.ts, with help text; the reference page is made from that list.

import type { MetricName } from "./metric-list.ts";

export type MetricLabels = Readonly<Record<string, string>>;

export interface Metrics {
  /** Counter += value (1). */
  count(name: MetricName, labels?: MetricLabels, value?: number): void;
  /** Gauge := value. */
  set(name: MetricName, labels: MetricLabels, value: number): void;
  /** Removes a gauge's series whose labels contain `labels`. */
  remove(name: MetricName, labels: MetricLabels): void;
  /** Histogram sample, in the metric's unit (seconds). */
  observe(name: MetricName, labels: MetricLabels, value: number): void;
}
