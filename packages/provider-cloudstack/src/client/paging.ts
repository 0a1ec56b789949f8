// Reads a list to its end: without paging the server cuts at 500 rows and says nothing (C-4).

import { CloudStackError, type ApiRequest, type CloudStackApi, type Payload } from "./cloudstack-api.ts";
import { isObject } from "./answer.ts";

const PAGE_SIZE = 500;
const MOST_PAGES = 1000;

/** All rows under `key`, each id once. @throws CloudStackError, also when the rows keep moving: an incomplete list is never answered */
export async function listAll(api: CloudStackApi, request: ApiRequest, key: string): Promise<readonly Payload[]> {
  let size = PAGE_SIZE;
  for (let attempt = 0; ; attempt++) {
    try {
      const rows = await readPages(api, request, key, size);
      if (rows !== undefined) return rows;
      return rowsOf(request, await page(api, request, { pagesize: -1 }), key);
    } catch (error) {
      const allowed = largestPage(error);
      if (allowed === undefined || allowed === size || attempt > 1) throw error;
      size = allowed;
    }
  }
}

/** Undefined when pages overlapped or one was short: objects came or went meanwhile. */
async function readPages(
  api: CloudStackApi,
  request: ApiRequest,
  key: string,
  size: number,
): Promise<readonly Payload[] | undefined> {
  const byId = new Map<string, Payload>();
  for (let number = 1; number <= MOST_PAGES; number++) {
    const answer = await page(api, request, { page: number, pagesize: size });
    const rows = rowsOf(request, answer, key);
    for (const row of rows) byId.set(identity(row), row);
    const count = typeof answer["count"] === "number" ? answer["count"] : 0;
    if (byId.size >= count) return [...byId.values()];
    if (rows.length === 0) return undefined;
  }
  return undefined;
}

function page(api: CloudStackApi, request: ApiRequest, paging: Readonly<Record<string, number>>): Promise<Payload> {
  return api.call({ ...request, parameters: { ...request.parameters, ...paging } });
}

/** An empty list has neither count nor rows. */
function rowsOf({ command }: ApiRequest, answer: Payload, key: string): readonly Payload[] {
  const rows = answer[key];
  if (rows === undefined) return [];
  if (Array.isArray(rows) && rows.every(isObject)) return rows;
  throw new CloudStackError({
    command,
    said: `the answer holds no list of ${key}`,
    answered: false,
    outcomeUnknown: false,
  });
}

/** Templates come once per zone under one id. */
function identity(row: Payload): string {
  return [row["id"], row["zoneid"]].filter((part) => typeof part === "string").join(" ");
}

/** "…max allowed page size value: 200" */
function largestPage(error: unknown): number | undefined {
  if (!(error instanceof CloudStackError) || error.facts.code !== 431) return undefined;
  const size = /page ?size.*: *(\d+)\s*$/i.exec(error.facts.said)?.[1];
  return size === undefined ? undefined : Number(size);
}
