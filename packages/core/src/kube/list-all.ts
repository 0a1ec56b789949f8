// One consistent list of everything, in pages (RT-2).

import type { KubeObject, Resource } from "../api/index.ts";
import type { KubeReader, ListOptions } from "./client.ts";
import { isExpired } from "./errors.ts";

const PAGE = 500;

export interface FullList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

/** When the server forgets the first page's version meanwhile, everything is asked for at once. */
export async function listAll<T extends KubeObject>(
  client: KubeReader,
  resource: Resource<T>,
  options: ListOptions = {},
): Promise<FullList<T>> {
  try {
    return await listInPages(client, resource, options);
  } catch (error) {
    if (!isExpired(error)) throw error;
    const { items, resourceVersion } = await client.list(resource, options);
    return { items, resourceVersion };
  }
}

async function listInPages<T extends KubeObject>(
  client: KubeReader,
  resource: Resource<T>,
  options: ListOptions,
): Promise<FullList<T>> {
  const items: T[] = [];
  let next: string | undefined;
  for (;;) {
    const page = await client.list(resource, {
      ...options,
      limit: PAGE,
      ...(next === undefined ? {} : { continue: next }),
    });
    for (const item of page.items) items.push(item);
    if (!page.continue) return { items, resourceVersion: page.resourceVersion };
    next = page.continue;
  }
}
