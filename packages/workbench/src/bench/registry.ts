// Every bench there is; the next one is a folder beside schedule/ and a line here.

import type { Bench } from "./bench.ts";
import { consolidateBench } from "./consolidate/consolidate-bench.ts";
import { scheduleBench } from "./schedule/schedule-bench.ts";

export const BENCHES: readonly Bench[] = [scheduleBench, consolidateBench];
