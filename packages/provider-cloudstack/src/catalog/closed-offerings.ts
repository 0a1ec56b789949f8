// Offerings that are closed to some only (§10): to one scope, to machines of an affinity group, on one kind of storage, in one network.

import { UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { Availability, OfferingKey } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Duration } from "@karpenter-multicloud/core/units";

import type { Scope } from "../client/scope.ts";
import type { WireNetwork, WireOffering } from "../client/wire.ts";

/** To whom, or where, an offering can be closed. */
export type Holder = string;

/** What an account or project has a limit of, and offerings take more or less of. */
export interface Sizes {
  readonly cpu: number;
  readonly memory: number;
  readonly gpu: number;
}

/** Whatever asks for at least as much. */
export interface FromSize {
  readonly resource: keyof Sizes;
  readonly amount: number;
}

interface Limit extends FromSize {
  readonly until: number;
  readonly reason: string;
}

/** A project, another account, or the account of the key: what one of them is refused others may have. */
export function holderOfScope({ source, projectId = "", account }: Scope): Holder {
  const owner = account === undefined ? "" : `${account.domainId}/${account.name}`;
  return `scope ${source} ${projectId} ${owner}`;
}

/** Several groups refuse together: another machine that is in one of them only may fit. */
export function holderOfGroups(groups: readonly string[]): Holder | undefined {
  return groups.length === 0 ? undefined : `groups ${groups.toSorted().join(" ")}`;
}

/** The pools that may take its disk. */
export function holderOfStorage({ storageType, storageTags }: WireOffering): Holder {
  return `storage ${storageType} ${storageTags.toSorted().join(" ")}`;
}

export function holderOfNetwork({ id }: Pick<WireNetwork, "id">): Holder {
  return `network ${id}`;
}

export class ClosedOfferings {
  readonly #clock: Pick<Clock, "now">;
  readonly #byHolder = new Map<Holder, UnavailableOfferings>();
  readonly #limits = new Map<Holder, readonly Limit[]>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  mark(holder: Holder, key: OfferingKey, why: string, duration: Duration): void {
    const known = this.#byHolder.get(holder) ?? new UnavailableOfferings(() => this.#clock.now());
    this.#byHolder.set(holder, known);
    known.mark(key, why, duration);
  }

  markFrom(holder: Holder, from: FromSize, reason: string, duration: Duration): void {
    const limit = { ...from, reason, until: this.#clock.now() + duration };
    this.#limits.set(holder, [...this.#limitsOf(holder), limit]);
  }

  /** Of a place that takes nothing at all for a while. */
  whole(holder: Holder): Availability {
    const key = { instanceType: "", zone: "", capacityType: "" };
    return this.#byHolder.get(holder)?.availability(key) ?? { available: true };
  }

  /** What is closed longest to any of them. */
  availability(holders: readonly Holder[], key: Required<OfferingKey>, sizes: Sizes): Availability {
    let worst: Availability = { available: true };
    for (const holder of holders) {
      const marked = this.#byHolder.get(holder)?.availability(key);
      const limited = this.#limitsOf(holder).filter(({ resource, amount }) => sizes[resource] >= amount);
      for (const found of [...(marked === undefined ? [] : [marked]), ...limited.map(closedBy)]) {
        if (found.available) continue;
        if (worst.available || (found.until ?? 0) > (worst.until ?? 0)) worst = found;
      }
    }
    return worst;
  }

  /** Changes with what is closed to any of them. */
  version(holders: readonly Holder[]): string {
    const limits = (holder: Holder): string =>
      this.#limitsOf(holder)
        .map(({ resource, amount, until }) => `${resource}${amount}@${until}`)
        .join(",");
    return holders.map((holder) => `${this.#byHolder.get(holder)?.version ?? 0}${limits(holder)}`).join(".");
  }

  #limitsOf(holder: Holder): readonly Limit[] {
    return (this.#limits.get(holder) ?? []).filter(({ until }) => until > this.#clock.now());
  }
}

function closedBy({ reason, until }: Limit): Availability {
  return { available: false, reason, until };
}
