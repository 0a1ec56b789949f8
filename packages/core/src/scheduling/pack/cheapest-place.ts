// Which of several places costs a claim least (S-409 c, d).

import { compareText } from "../../units/index.ts";
import { membersOf, setBit } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import type { DomainKey } from "../compile/domain-book.ts";
import type { OptionTable } from "../compile/option-table.ts";

/** The domain with the cheapest of these options, then by name. */
export function cheapestPlace(table: OptionTable, options: Bits, key: DomainKey, domains: Bits): number {
  let best = -1;
  let bestPrice = Number.NaN;
  const one = new Uint32Array(domains.length);
  for (const domain of membersOf(domains)) {
    one.fill(0);
    setBit(one, domain);
    const option = firstCommon(options, table.inPlace(key.only(one)));
    const price = option < 0 ? Number.NaN : table.priceOf(option);
    if (best < 0 || isCheaper(price, bestPrice) || (isSame(price, bestPrice) && isBefore(key, domain, best))) {
      best = domain;
      bestPrice = price;
    }
  }
  return best;
}

/** A place without an option (NaN) is dearer than one where the price is only not known (Infinity). */
function isCheaper(price: number, than: number): boolean {
  return Number.isNaN(than) ? !Number.isNaN(price) : price < than;
}

function isSame(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

function isBefore({ names }: DomainKey, a: number, b: number): boolean {
  return compareText(names[a] ?? "", names[b] ?? "") < 0;
}

function firstCommon(a: Bits, b: Bits): number {
  for (let word = 0; word < a.length; word++) {
    const common = (a[word] ?? 0) & (b[word] ?? 0);
    if (common !== 0) return (word << 5) + (31 - Math.clz32(common & -common));
  }
  return -1;
}
