// How long changes of state take (W-73), in milliseconds of the clock the fake was given.

import { durationsAt } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { SpeedOf } from "@karpenter-multicloud/core/testing/fake-cloud";

export interface Durations {
  /** Power-on until a hypervisor is found. */
  readonly allocating: number;
  /** Power-on until running, by kind of machine. */
  readonly runningSbs: number;
  readonly runningLocal: number;
  readonly runningGpu: number;
  /** Running until the kubelet registers, and until it is ready. */
  readonly nodeJoins: number;
  readonly nodeReady: number;
  /** Joining until the cloud controller manager has initialised the Node. */
  readonly nodeInitialised: number;
  readonly dynamicIpAttached: number;
  readonly terminating: number;
  readonly detaching: number;
  readonly hotDetaching: number;
  readonly powerOff: number;
  readonly stopInPlace: number;
  readonly reboot: number;
  readonly nicAttaching: number;
}

export type Speed = SpeedOf<Durations>;

const REAL: Durations = {
  allocating: 2_000,
  runningSbs: 5_000,
  runningLocal: 20_000,
  runningGpu: 12_000,
  nodeJoins: 60_000,
  nodeReady: 75_000,
  nodeInitialised: 5_000,
  dynamicIpAttached: 3_000,
  terminating: 5_000,
  detaching: 5_000,
  hotDetaching: 70_000,
  powerOff: 45_000,
  stopInPlace: 5_000,
  reboot: 10_000,
  nicAttaching: 50_000,
};

const FAST: Durations = {
  allocating: 20,
  runningSbs: 60,
  runningLocal: 120,
  runningGpu: 100,
  nodeJoins: 80,
  nodeReady: 160,
  nodeInitialised: 40,
  dynamicIpAttached: 30,
  terminating: 60,
  detaching: 50,
  hotDetaching: 200,
  powerOff: 300,
  stopInPlace: 50,
  reboot: 80,
  nicAttaching: 300,
};

export function durationsFor(speed: Speed): Durations {
  return durationsAt(speed, { real: REAL, fast: FAST });
}
