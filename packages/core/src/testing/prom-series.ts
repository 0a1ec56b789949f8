// What a scrape would show of one metric.

import type { PromMetrics } from "../telemetry/index.ts";

/** The lines of a metric, name left out: `{nodepool="a"} 1`; of histograms and summaries only `_count` and `_sum`, with their names. */
export async function promSeries(metrics: PromMetrics, name: string): Promise<readonly string[]> {
  const lines = (await metrics.render()).split("\n");
  const own = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  if (own.length > 0 && !own.every((line) => line.includes("quantile=")))
    return own.map((line) => line.slice(name.length));
  return lines.filter((line) => line.startsWith(`${name}_count`) || line.startsWith(`${name}_sum`));
}
