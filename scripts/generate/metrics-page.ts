// docs/reference/metrics.md: every metric the controller exposes.

import { METRICS, conditionMetrics, type MetricDefinition } from "../../packages/core/src/telemetry/index.ts";
import { OVH_METRICS } from "../../packages/provider-ovh/src/metrics/ovh-metrics.ts";
import { CLOUDSTACK_METRICS } from "../../packages/provider-cloudstack/src/metrics/cloudstack-metrics.ts";
import { SCALEWAY_METRICS } from "../../packages/provider-scaleway/src/metrics/scaleway-metrics.ts";
import type { GeneratedSet } from "./files.ts";
import { pageSet } from "./markdown.ts";

/** Once for all kinds, and the older names. */
const CONDITIONS: readonly MetricDefinition[] = [
  ...conditionMetrics("<kind>", []).map((metric) => ({
    ...metric,
    help: `${metric.help} \`<kind>\` is nodeclaim, nodepool, node or that of a NodeClass, in lower case.`,
    moreLabels:
      "of NodeClaims and Nodes the label that names their NodeClass and `karpenter_sh_nodepool`, of Nodes also `karpenter_sh_initialized`",
  })),
  ...conditionMetrics(undefined, ["group", "kind"]).map((metric) => ({
    ...metric,
    help: `${metric.help} Of NodeClaims and NodePools; Karpenter's older name.`,
  })),
];

export function metricsPage(): GeneratedSet {
  return pageSet({
    path: "docs/reference/metrics.md",
    source: "packages/core/src/telemetry/metric-list.ts",
    title: "Metrics",
    introduction:
      "Served at `/metrics` on the metrics port. Metrics that Karpenter has keep its names, labels and units; ours begin with `kmc_`, those of a provider with `karpenter_` and its name.",
    head: ["Metric", "Type", "Labels", "Meaning"],
    rows: [...METRICS, ...CONDITIONS, ...OVH_METRICS, ...SCALEWAY_METRICS, ...CLOUDSTACK_METRICS]
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(row),
  });
}

function row({ name, type, labels, help, moreLabels }: MetricDefinition): readonly string[] {
  const all = [...labels.map((label) => `\`${label}\``), ...(moreLabels === undefined ? [] : [moreLabels])];
  return [`\`${name}\``, type, all.join(", "), help];
}
