// What handlers read from a call: path, fields of the body, and the answers of Scaleway's two ways of paging (§1.2).

import { Reply } from "@karpenter-multicloud/core/testing/fake-cloud";
import { invalid, notFound } from "../api-error.ts";
import type { Call } from "../router.ts";
import type { Ground } from "../world/ground.ts";

export type Body = Readonly<Record<string, unknown>>;

const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;

export function ground(call: Call): Ground {
  return call.backend.world.ground;
}

export function param(call: Call, name: string): string {
  return call.params[name] ?? "";
}

/** A zone the fake knows; another one is a path that does not exist. */
export function zoneOf(call: Call): string {
  const zone = param(call, "zone");
  if (!ground(call).zones.includes(zone)) throw notFound("zone", zone);
  return zone;
}

export function bodyOf(call: Call): Body {
  const body = call.body ?? {};
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalid("body", "must be an object");
  return body as Body;
}

export function text(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(name, "must be a string", "format");
  return value;
}

export function required(body: Body, name: string): string {
  const value = text(body, name);
  if (value === undefined || value === "") throw invalid(name, "required key not provided", "required");
  return value;
}

export function flag(body: Body, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw invalid(name, "must be a boolean", "format");
  return value;
}

export function amount(body: Body, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw invalid(name, "must be a number", "format");
  return value;
}

export function texts(body: Body, name: string): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw invalid(name, "must be a list of strings", "format");
  }
  return value;
}

/** Comma-joined or repeated; all of them must be there. */
export function tagFilter(call: Call): (thing: { readonly tags: readonly string[] }) => boolean {
  const wanted = call.query
    .getAll("tags")
    .flatMap((value) => value.split(","))
    .filter((tag) => tag !== "");
  return ({ tags }) => wanted.every((tag) => tags.includes(tag));
}

/** True when the query does not ask for this field, or asks for exactly this value. */
export function asked(call: Call, name: string, value: string | undefined): boolean {
  const wanted = call.query.get(name);
  return wanted === null || wanted === "" || wanted === value;
}

export function created(call: Call, key: string, id: string, view: unknown): Reply {
  const location = `${call.origin}${call.path.replace(/\/$/, "")}/${id}`;
  return new Reply({ status: 201, body: { [key]: view }, headers: { Location: location } });
}

interface Page {
  readonly page: number;
  readonly size: number;
  readonly from: number;
}

function pageOf(call: Call, sizeName: string): Page {
  const page = Math.max(1, Number(call.query.get("page") ?? "1") || 1);
  const size = Math.min(MAX_PAGE, Math.max(1, Number(call.query.get(sizeName) ?? "") || DEFAULT_PAGE));
  return { page, size, from: (page - 1) * size };
}

/** A list cut short on its last page, when the switch says so: the total still counts what is missing. */
function cut<Item>(call: Call, items: readonly Item[], { page, size, from }: Page): readonly Item[] {
  const isLast = from + size >= items.length;
  if (call.backend.switches.truncateLists && isLast && (page > 1 || items.length <= size)) return [];
  return items.slice(from, from + size);
}

/** Instance API: `page` and `per_page`, X-Total-Count, and a Link of relative URLs. */
export function instanceList(call: Call, key: string, items: readonly unknown[]): Reply {
  const page = pageOf(call, "per_page");
  return new Reply({
    status: 200,
    body: { [key]: cut(call, items, page) },
    headers: pageHeaders(call, page, items.length),
  });
}

/** Maps page too (§1.2): by the order of their names. */
export function instanceMap(call: Call, key: string, entries: readonly (readonly [string, unknown])[]): Reply {
  const page = pageOf(call, "per_page");
  const body = { [key]: Object.fromEntries(cut(call, entries, page)) };
  return new Reply({ status: 200, body, headers: pageHeaders(call, page, entries.length) });
}

function pageHeaders(call: Call, { page, size }: Page, total: number): Record<string, string> {
  const last = Math.max(1, Math.ceil(total / size));
  const path = call.path.replace(/^\/instance\/v1\/zones\/[^/]+/, "");
  const link = (number: number, rel: string): string => {
    const query = new URLSearchParams(call.query);
    query.set("page", String(number));
    query.set("per_page", String(size));
    return `<${path}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(1, "first"), link(page - 1, "previous")] : []),
    ...(page < last ? [link(page + 1, "next")] : []),
    link(last, "last"),
  ];
  return { "X-Total-Count": String(total), Link: links.join(", ") };
}

/** The other APIs: `page` and `page_size`, and the total in the body. */
export function plainList(call: Call, key: string, items: readonly unknown[]): unknown {
  const page = pageOf(call, "page_size");
  return { [key]: cut(call, items, page), total_count: items.length };
}
