// How long a machine's changes take (F-5), in milliseconds of the clock the fake was given.

import { durationsAt, type SpeedOf } from "@karpenter-multicloud/core/testing/fake-cloud";

export interface Durations {
  /** From the order until the machine is in the list. */
  readonly listed: number;
  /** From the list on: until the instance has an id. */
  readonly instance: number;
  readonly nodeJoins: number;
  readonly nodeReady: number;
  readonly ready: number;
  /** Added to the three above for flavors with GPUs. */
  readonly gpuExtra: number;
  /** From joining until the cloud controller manager has initialised the Node. */
  readonly nodeInitialised: number;
  /** A machine asked to go still reads READY this long. */
  readonly removal: number;
  readonly deleting: number;
  /** How often a Node object that will not go is looked at. */
  readonly nodePoll: number;
  readonly poolUpdating: number;
  /** NotReady until auto-heal acts. */
  readonly heal: number;
  readonly redeploy: number;
}

export type Speed = SpeedOf<Durations>;

const REAL: Durations = {
  listed: 3_000,
  instance: 30_000,
  nodeJoins: 240_000,
  nodeReady: 270_000,
  ready: 300_000,
  gpuExtra: 1_500_000,
  nodeInitialised: 5_000,
  removal: 1_000,
  deleting: 75_000,
  nodePoll: 5_000,
  poolUpdating: 2_000,
  heal: 600_000,
  redeploy: 300_000,
};

const FAST: Durations = {
  listed: 30,
  instance: 80,
  nodeJoins: 150,
  nodeReady: 220,
  ready: 280,
  gpuExtra: 100,
  nodeInitialised: 40,
  removal: 30,
  deleting: 250,
  nodePoll: 50,
  poolUpdating: 30,
  heal: 300,
  redeploy: 200,
};

export function durationsFor(speed: Speed): Durations {
  return durationsAt(speed, { real: REAL, fast: FAST });
}
