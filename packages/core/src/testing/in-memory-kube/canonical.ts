// How the server rewrites values of built-in kinds: quantities in canonical form, times with whole seconds.
// Custom resources keep their text.

import { isJsonObject } from "../../api/index.ts";
import { parseQuantity } from "../../units/index.ts";
import { badRequest } from "./answers.ts";
import { objectAt } from "./json.ts";

/** @throws KubeError 400 */
export function canonicalQuantities(list: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(list)) {
    try {
      list[name] = parseQuantity(value as string | number).toString();
    } catch (error) {
      throw badRequest(`quantities must match the regular expression, ${name}: ${(error as Error).message}`);
    }
  }
}

/** The lists of amounts in `requests` and `limits`; what is limited but not requested is requested. */
export function canonicalResources(holder: Record<string, unknown>): void {
  const resources = objectAt(holder, "resources");
  const limits = objectAt(resources, "limits");
  const requests = objectAt(resources, "requests");
  canonicalQuantities(limits);
  canonicalQuantities(requests);
  const missing = Object.entries(limits).filter(([name]) => requests[name] === undefined);
  if (missing.length > 0) resources["requests"] = { ...requests, ...Object.fromEntries(missing) };
}

const SECONDS: ReadonlySet<string> = new Set([
  "lastTransitionTime",
  "lastHeartbeatTime",
  "lastProbeTime",
  "lastUpdateTime",
  "timeAdded",
  "startTime",
  "startedAt",
  "finishedAt",
  "firstTimestamp",
  "lastTimestamp",
]);
const MICROSECONDS: ReadonlySet<string> = new Set(["acquireTime", "renewTime", "eventTime"]);
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** @throws KubeError 400 for what is no time, or no micro-second time where one is asked for */
export function canonicalTimes(value: unknown): void {
  if (Array.isArray(value)) value.forEach(canonicalTimes);
  if (!isJsonObject(value)) return;
  const fields = value as Record<string, unknown>;
  for (const [key, child] of Object.entries(fields)) {
    if (SECONDS.has(key) && typeof child === "string") fields[key] = wholeSeconds(child);
    else if (MICROSECONDS.has(key) && typeof child === "string") fields[key] = microseconds(child);
    else canonicalTimes(child);
  }
}

function wholeSeconds(text: string): string {
  if (!TIME.test(text)) throw badTime(text, "2006-01-02T15:04:05Z07:00");
  const at = new Date(Math.floor(Date.parse(text) / 1000) * 1000);
  return at.toISOString().replace(".000Z", "Z");
}

function microseconds(text: string): string {
  const fraction = TIME.test(text) ? /\.(\d+)/.exec(text)?.[1] : undefined;
  if (fraction?.length !== 6) throw badTime(text, "2006-01-02T15:04:05.000000Z07:00");
  const seconds = new Date(Math.floor(Date.parse(text) / 1000) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${fraction}Z`;
}

function badTime(text: string, layout: string): Error {
  return badRequest(`parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse`);
}
