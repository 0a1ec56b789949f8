// Reads a list or a map to its end, and refuses to take a short answer for the whole (W-1, W-50).

import type { ScalewayApi } from "./scaleway-api.ts";
import { listMember, mapMember, totalCount, WireError } from "./wire.ts";

export interface Listing {
  readonly path: string;
  readonly route: string;
  readonly key: string;
  /** The Instance API calls it per_page, the others page_size. */
  readonly sizeName: "per_page" | "page_size";
  readonly query?: Readonly<Record<string, string>>;
}

const PAGE_SIZE = 100;
const MAX_PAGES = 100;

export async function allItems(api: ScalewayApi, listing: Listing, signal: AbortSignal): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  await walk(api, listing, signal, (data) => {
    const page = listMember(data, listing.key);
    items.push(...page);
    return { found: items.length, isEmpty: page.length === 0 };
  });
  return items;
}

export async function allEntries(
  api: ScalewayApi,
  listing: Listing,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, unknown>> {
  const entries = new Map<string, unknown>();
  await walk(api, listing, signal, (data) => {
    const before = entries.size;
    for (const [name, value] of Object.entries(mapMember(data, listing.key))) entries.set(name, value);
    return { found: entries.size, isEmpty: entries.size === before };
  });
  return entries;
}

async function walk(
  api: ScalewayApi,
  { path, route, key, sizeName, query }: Listing,
  signal: AbortSignal,
  take: (data: unknown) => { readonly found: number; readonly isEmpty: boolean },
): Promise<void> {
  for (let page = 1; page <= MAX_PAGES; page++) {
    const asked = { ...query, [sizeName]: String(PAGE_SIZE), page: String(page) };
    const { data } = await api.call("GET", { path, route, query: asked, signal });
    const total = totalCount(data);
    const { found, isEmpty } = take(data);
    if (found >= total) return;
    if (isEmpty) throw new WireError(`${route}: ${found} of ${total} ${key} came, then page ${page} was empty`);
  }
  throw new WireError(`${route}: more than ${MAX_PAGES} pages of ${key}`);
}
