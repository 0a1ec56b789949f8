// Offerings that are closed to some only: to machines of an affinity group that takes no more, or to an account at its limit (§10).

import { UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { Availability, OfferingKey } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Duration } from "@karpenter-multicloud/core/units";

import type { Scope } from "../client/scope.ts";

/** To whom an offering can be closed. */
export type Holder = string;

export function holderOfScope({ source, projectId = "", account }: Scope): Holder {
  const owner = account === undefined ? "" : `${account.domainId}/${account.name}`;
  return `scope ${source} ${projectId} ${owner}`;
}

/** Several groups refuse together: another machine that is in one of them only may fit. */
export function holderOfGroups(groups: readonly string[]): Holder | undefined {
  return groups.length === 0 ? undefined : `groups ${groups.toSorted().join(" ")}`;
}

export class ClosedOfferings {
  readonly #clock: Pick<Clock, "now">;
  readonly #byHolder = new Map<Holder, UnavailableOfferings>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  mark(holder: Holder, key: OfferingKey, why: string, duration: Duration): void {
    const known = this.#byHolder.get(holder) ?? new UnavailableOfferings(() => this.#clock.now());
    this.#byHolder.set(holder, known);
    known.mark(key, why, duration);
  }

  /** What is closed longest to any of them. */
  availability(holders: readonly Holder[], key: Required<OfferingKey>): Availability {
    let worst: Availability = { available: true };
    for (const holder of holders) {
      const found = this.#byHolder.get(holder)?.availability(key);
      if (found === undefined || found.available) continue;
      if (worst.available || (found.until ?? 0) > (worst.until ?? 0)) worst = found;
    }
    return worst;
  }

  /** Changes with what is closed to any of them. */
  version(holders: readonly Holder[]): string {
    return holders.map((holder) => this.#byHolder.get(holder)?.version ?? 0).join(".");
  }
}
