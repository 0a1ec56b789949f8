// How long changes of state take (§13), in milliseconds of the clock the fake was given.

import { durationsAt } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { SpeedOf } from "@karpenter-multicloud/core/testing/fake-cloud";

export interface Durations {
  /** Accepted until the job runs. */
  readonly jobStart: number;
  /** Planned until running. */
  readonly starting: number;
  /** More for the first machine in an isolated network. */
  readonly implementing: number;
  readonly stopping: number;
  readonly expunging: number;
  readonly tagging: number;
  /** Every other job. */
  readonly shortJob: number;
  /** Destroyed until the server's cleaner removes it. */
  readonly expungeDelay: number;
  /** Running until the kubelet registers, and until it is ready. */
  readonly nodeJoins: number;
  readonly nodeReady: number;
  /** Joining until the cloud controller manager has seen the Node. */
  readonly nodeInitialised: number;
}

export type Speed = SpeedOf<Durations>;

const REAL: Durations = {
  jobStart: 200,
  starting: 12_000,
  implementing: 25_000,
  stopping: 8_000,
  expunging: 4_000,
  tagging: 200,
  shortJob: 1_500,
  expungeDelay: 86_400_000,
  nodeJoins: 60_000,
  nodeReady: 75_000,
  nodeInitialised: 5_000,
};

const FAST: Durations = {
  jobStart: 10,
  starting: 120,
  implementing: 150,
  stopping: 80,
  expunging: 40,
  tagging: 10,
  shortJob: 30,
  expungeDelay: 86_400_000,
  nodeJoins: 80,
  nodeReady: 160,
  nodeInitialised: 40,
};

export function durationsFor(speed: Speed): Durations {
  return durationsAt(speed, { real: REAL, fast: FAST });
}
