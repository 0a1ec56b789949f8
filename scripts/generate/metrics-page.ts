// docs/reference/metrics.md: every metric the controller exposes.

import { METRICS } from "../../packages/core/src/telemetry/index.ts";
import type { GeneratedSet } from "./files.ts";
import { pageSet } from "./markdown.ts";

export function metricsPage(): GeneratedSet {
  return pageSet({
    path: "docs/reference/metrics.md",
    source: "packages/core/src/telemetry/metric-list.ts",
    title: "Metrics",
    introduction:
      "Served at `/metrics` on the metrics port. Metrics that Karpenter has keep its names, labels and units; ours begin with `kmc_`.",
    head: ["Metric", "Type", "Labels", "Meaning"],
    rows: METRICS.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(", "),
      help,
    ]),
  });
}
