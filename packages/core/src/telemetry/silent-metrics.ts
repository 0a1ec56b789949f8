// Metrics for whoever does not count: command-line tools and tests.

import type { Metrics } from "./metrics.ts";

export const silentMetrics: Metrics = {
  count() {},
  set() {},
  remove() {},
  observe() {},
  hold() {},
  declare() {},
};
