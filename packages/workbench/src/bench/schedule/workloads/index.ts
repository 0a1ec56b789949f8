// Every workload of the schedule bench, in the order it is measured and shown.

import { churn } from "./churn.ts";
import { daemon } from "./daemon.ts";
import { deploy } from "./deploy.ts";
import { diverse } from "./diverse.ts";
import { existing } from "./existing.ts";
import { gpu } from "./gpu.ts";
import { hostspread } from "./hostspread.ts";
import { manypools } from "./manypools.ts";
import { preference, preferenceIgnored } from "./preference.ts";
import { unschedulable } from "./unschedulable.ts";
import type { Workload } from "./workload.ts";

export type { Workload } from "./workload.ts";

export const WORKLOADS: readonly Workload[] = [
  diverse,
  preference,
  preferenceIgnored,
  deploy,
  hostspread,
  existing,
  manypools,
  gpu,
  daemon,
  unschedulable,
  churn,
];
