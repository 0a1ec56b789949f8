// How long tests on a real control plane wait: limits against hanging, not measures of speed, on a machine that others use as well.

import { seconds, type Duration } from "@karpenter-multicloud/core/units";

/** For one thing that has to come true. */
export const PATIENCE: Duration = seconds(180);

/** For one test or one hook, which may wait for several, in milliseconds. */
export const LIMIT_MS = 900_000;
