// What can be made to go wrong in the simulated cloud (SIM-10).

import type { OfferingKey } from "@karpenter-multicloud/core/provider";
import type { Duration } from "@karpenter-multicloud/core/units";

export interface SimulatedFaults {
  /** What cannot be had; absent fields mean any. */
  readonly outOfStock?: readonly OfferingKey[];
  /** Share of orders that fail with a transient error before anything is made. */
  readonly errorRate?: number;
  /** Share of orders that make the machine but whose answer is lost. */
  readonly lostAnswerRate?: number;
  /** From the order to its answer. */
  readonly createLatency?: Duration;
  /** From the order to the Node, on top of the class's own delay. */
  readonly registrationDelay?: Duration;
  /** Machines start, but no Node ever appears. */
  readonly neverRegisters?: boolean;
  /** From the Node to its being ready. @defaultValue 1 s */
  readonly readyDelay?: Duration;
  /** Nodes appear but never become ready. */
  readonly neverReady?: boolean;
  /** From a deletion to the machine's end. */
  readonly deleteLatency?: Duration;
  /** Machines that may exist at once in the whole cloud. */
  readonly quota?: number;
  /** Every call fails with RateLimited. */
  readonly throttled?: boolean;
}

export function isOutOfStock(faults: SimulatedFaults, asked: Required<OfferingKey>): boolean {
  return (faults.outOfStock ?? []).some(
    ({ instanceType, zone, capacityType }) =>
      (instanceType ?? asked.instanceType) === asked.instanceType &&
      (zone ?? asked.zone) === asked.zone &&
      (capacityType ?? asked.capacityType) === asked.capacityType,
  );
}
