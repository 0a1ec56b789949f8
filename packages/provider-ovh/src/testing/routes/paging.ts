// Lists by pages, for whoever asks for pages: X-Pagination-Size and X-Pagination-Cursor in, X-Pagination-Cursor-Next out.

import { Reply } from "@karpenter-multicloud/core/testing/fake-cloud";
import { badRequest } from "../api-error.ts";
import type { Call } from "../router.ts";

export function paged(call: Call, items: readonly unknown[]): unknown {
  const asked = call.headers["x-pagination-size"];
  if (asked === undefined) return items;
  const size = Number(asked);
  if (!Number.isInteger(size) || size < 1) throw badRequest("X-Pagination-Size must be a positive number");
  const start = startOf(call.headers["x-pagination-cursor"]);
  const end = start + size;
  const headers = end < items.length ? { "X-Pagination-Cursor-Next": cursorAt(end) } : {};
  return new Reply({ status: 200, body: items.slice(start, end), headers });
}

/** Nothing that a client should take apart. */
function cursorAt(index: number): string {
  return Buffer.from(`from:${index}`).toString("base64url");
}

function startOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const index = /^from:(\d+)$/.exec(Buffer.from(cursor, "base64url").toString("utf8"))?.[1];
  if (index === undefined) throw badRequest("X-Pagination-Cursor is not one of ours");
  return Number(index);
}
