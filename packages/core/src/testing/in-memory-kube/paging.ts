// Pages of a list, all cut from the state at the time of the first page.

import { badRequest, expiredPage } from "./answers.ts";
import type { Stored } from "./json.ts";
import type { Store } from "./store.ts";

export interface PageRequest {
  readonly limit?: number;
  readonly continue?: string;
}

export interface Page {
  readonly items: readonly Stored[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

interface Token {
  readonly v: string;
  readonly rv: number;
  /** The last key that was handed out. */
  readonly start: string;
}

const TOKEN_VERSION = "meta.k8s.io/v1";

/** @throws KubeError 410 when the first page's state is no longer kept */
export function cutPage(store: Store, table: string, selects: (object: Stored) => boolean, request: PageRequest): Page {
  const token = request.continue ? decode(request.continue) : undefined;
  const version = token?.rv ?? store.version;
  const rows = store.snapshot(table, version);
  if (rows === undefined) throw expiredPage();
  const from = token === undefined ? 0 : after(rows, token.start);
  const limit = request.limit === undefined || request.limit <= 0 ? Infinity : request.limit;
  const items: Stored[] = [];
  let last = "";
  for (const [key, object] of rows.slice(from)) {
    if (!selects(object)) continue;
    if (items.length === limit) {
      const next = encode({ v: TOKEN_VERSION, rv: version, start: last });
      return { items, resourceVersion: String(version), continue: next };
    }
    items.push(object);
    last = key;
  }
  return { items, resourceVersion: String(version) };
}

function after(rows: readonly (readonly [string, Stored])[], start: string): number {
  const index = rows.findIndex(([key]) => key === start);
  return index + 1;
}

function encode(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

function decode(text: string): Token {
  try {
    const token = JSON.parse(Buffer.from(text, "base64url").toString()) as Token;
    if (token.v === TOKEN_VERSION && Number.isSafeInteger(token.rv)) return token;
  } catch {
    // falls through to the same refusal
  }
  throw badRequest(`continue key is not valid: ${JSON.stringify(text)}`);
}
