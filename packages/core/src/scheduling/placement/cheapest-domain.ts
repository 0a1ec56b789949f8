// Which of several equally full domains costs a claim least (S-409).

import type { Offering } from "../../provider/index.ts";
import type { Requirement, Requirements } from "../../requirements/index.ts";
import { addResources, compareRates, compareText, fits } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import type { TypeGroup } from "./instance-filter.ts";

export interface DomainBid {
  readonly groups: readonly TypeGroup[];
  readonly requirements: Requirements;
  /** Pods only. */
  readonly requests: Resources;
  readonly wellKnown: ReadonlySet<string>;
}

/** By the cheapest offering that could carry the claim there, then by name. */
export function cheapestDomain(key: string, domains: readonly string[], bid: DomainBid): string {
  const prices = new Map<string, Offering["price"]>();
  for (const { overhead, options } of bid.groups) {
    const needed = addResources(bid.requests, overhead);
    for (const { type, builds } of options) {
      if (!type.requirements.overlaps(bid.requirements)) continue;
      for (const { allocatable, offerings } of builds) {
        if (!fits(needed, allocatable)) continue;
        for (const offering of offerings) offer(offering, type.requirements.get(key));
      }
    }
  }
  const [best] = domains.toSorted(
    (a, b) =>
      Number(prices.has(b)) - Number(prices.has(a)) || compareRates(prices.get(a), prices.get(b)) || compareText(a, b),
  );
  return best ?? "";

  function offer({ requirements, price, availability }: Offering, ofType: Requirement): void {
    if (!availability.available) return;
    const own = requirements.has(key) ? requirements.get(key) : ofType;
    const better = domains.filter(
      (domain) => own.has(domain) && (!prices.has(domain) || compareRates(price, prices.get(domain)) < 0),
    );
    if (better.length === 0 || !bid.requirements.isCompatible(requirements, bid.wellKnown)) return;
    for (const domain of better) prices.set(domain, price);
  }
}
