// What is known of a metric before anything is measured.

export interface MetricDefinition {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
  /** Quantiles of a summary. */
  readonly quantiles?: readonly number[];
  /** A gauge whose series belong to objects and come and go with them (`Metrics.hold`). */
  readonly perObject?: true;
  /** For the reference page: labels that the chosen provider adds. */
  readonly moreLabels?: string;
}

/** What only a provider measures; it declares them when it is built. */
export type ProviderMetricName = `karpenter_${"ovh" | "scaleway" | "cloudstack"}_${string}`;

/** Karpenter's. Quantiles here are exact to about a hundredth, as there. */
export const QUANTILES: readonly number[] = [0, 0.5, 0.9, 0.99, 1];
