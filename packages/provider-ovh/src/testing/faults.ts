// Which faults only OVHcloud's fake knows, and what of a path it lets clients leave out (F-8).

import {
  FaultList,
  type FakeFault as AnyFault,
  type SeededRandom,
} from "@karpenter-multicloud/core/testing/fake-cloud";
import type { MachineStatus } from "./world/machine.ts";

export interface FakeFault extends AnyFault {
  readonly errorCode?: string;
  /** "boot": the status the machine ends in, instead of staying INSTALLING. */
  readonly machineStatus?: MachineStatus;
  /** "boot": the machine does not even get an instance. */
  readonly noInstance?: boolean;
}

export function newFaultList(random: SeededRandom): FaultList<FakeFault> {
  return new FaultList(random, (path) => path.replace(/^\/(1\.0|v1)(?=\/)/, ""));
}
