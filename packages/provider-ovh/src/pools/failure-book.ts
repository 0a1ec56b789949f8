// What is remembered about machines that could not be had: which offerings to avoid, and for how long (O-27).

import { CapacityType } from "@karpenter-multicloud/core/api";
import { CreateFailed, InsufficientCapacity, QuotaExceeded } from "@karpenter-multicloud/core/provider";
import type { ProviderError, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import { minutes } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";

import type { Flavor } from "../catalog/flavor.ts";
import type { WireMachine } from "../client/wire.ts";
import { failureOf } from "./machine-status.ts";
import type { PoolShape } from "./pool-key.ts";

/** What was refused: so much of a pool's shape is enough to avoid it. */
export type OfferingPlace = Pick<PoolShape, "flavor" | "zone" | "region">;

const FIRST_MS = minutes(3);
const LONGEST_MS = minutes(30);
const QUOTA_PAUSE = minutes(10);
const UNKNOWN_MS = minutes(10);
const LAUNCH_TRIES = 3;

export class FailureBook {
  readonly #unavailable: UnavailableOfferings;
  readonly #now: () => number;
  readonly #stock = new Map<string, { readonly pause: number; readonly until: number }>();
  readonly #unknownSince = new Map<string, number>();

  constructor(unavailable: UnavailableOfferings, now: () => number) {
    this.#unavailable = unavailable;
    this.#now = now;
  }

  /** UNKNOWN is given ten minutes. */
  hasFailed(machine: WireMachine): boolean {
    if (failureOf(machine.status) !== undefined) return true;
    if (machine.status !== "UNKNOWN") {
      this.#unknownSince.delete(machine.id);
      return false;
    }
    const since = this.#unknownSince.get(machine.id) ?? this.#now();
    this.#unknownSince.set(machine.id, since);
    return this.#now() - since > UNKNOWN_MS;
  }

  /** Marks the offering and says what the claim is to be told; undefined when the same claim just tries again. */
  judge(
    machine: WireMachine,
    shape: OfferingPlace,
    tries: number,
    flavors: readonly Flavor[],
  ): ProviderError | undefined {
    const what = `machine ${machine.name} of flavor ${shape.flavor} in zone ${shape.zone}`;
    switch (failureOf(machine.status)) {
      case "out-of-stock":
        return this.outOfStock(shape, `${what}: OVHcloud has no more of this flavor here now (${machine.status})`);
      case "quota":
        return this.quota(
          shape,
          flavors,
          `${what}: the project's quota in ${shape.region} is used up (${machine.status})`,
        );
      case "instance-gone":
        return undefined;
      default:
        if (tries < LAUNCH_TRIES) return undefined;
        return this.outOfStock(shape, `${what} failed ${tries} times (${machine.status})`);
    }
  }

  /** O-27a: the claim has this machine for good, so that there is nothing to try again; the offering is avoided all the same. */
  afterLaunch(machine: WireMachine, place: OfferingPlace, flavors: readonly Flavor[]): ProviderError {
    const judged = this.judge(machine, place, LAUNCH_TRIES, flavors);
    const what = `machine ${machine.name} of flavor ${place.flavor} in zone ${place.zone}`;
    return (
      judged ?? new CreateFailed(`${what} lost its instance (${machine.status})`, { conditionReason: "MachineFailed" })
    );
  }

  /** Each refusal while the last one is fresh doubles the pause. */
  outOfStock(shape: OfferingPlace, message: string): ProviderError {
    const key = `${shape.flavor}/${shape.zone}`;
    const last = this.#stock.get(key);
    const now = this.#now();
    const pause = last && now < last.until + LONGEST_MS ? Math.min(LONGEST_MS, last.pause * 2) : FIRST_MS;
    this.#stock.set(key, { pause, until: now + pause });
    this.avoid(shape, "OutOfStock", pause as Duration);
    return new InsufficientCapacity(message, {
      scope: { level: "type", name: shape.flavor, zone: shape.zone, capacityType: CapacityType.OnDemand },
      conditionReason: "OutOfStock",
    });
  }

  /** Whatever needs at least as much would be refused as well. */
  quota(shape: OfferingPlace, flavors: readonly Flavor[], message: string): ProviderError {
    const refused = flavors.find((flavor) => flavor.name === shape.flavor);
    const hit = flavors.filter((f) => refused !== undefined && (f.vCPUs >= refused.vCPUs || f.ramGB >= refused.ramGB));
    for (const name of new Set([shape.flavor, ...hit.map((flavor) => flavor.name)])) {
      this.#unavailable.mark({ instanceType: name }, "QuotaExceeded", QUOTA_PAUSE);
    }
    return new QuotaExceeded(`${message}: raise it in the OVHcloud control panel (Public Cloud, Quota and Regions)`, {
      scope: { level: "region", name: shape.region },
      conditionReason: "QuotaExceeded",
    });
  }

  limit(shape: OfferingPlace, reason: "PoolLimitReached" | "ClusterNodeLimit", message: string): ProviderError {
    this.avoid(shape, reason, minutes(5));
    return new InsufficientCapacity(message, {
      scope: { level: "type", name: shape.flavor, zone: shape.zone },
      conditionReason: reason,
    });
  }

  refused(shape: OfferingPlace, message: string, cause: unknown): ProviderError {
    this.avoid(shape, "InvalidRequest", minutes(5));
    return new CreateFailed(message, { cause, conditionReason: "InvalidRequest" });
  }

  avoid(shape: OfferingPlace, reason: string, pause: Duration): void {
    const key = { instanceType: shape.flavor, zone: shape.zone, capacityType: CapacityType.OnDemand };
    this.#unavailable.mark(key, reason, pause);
  }
}
