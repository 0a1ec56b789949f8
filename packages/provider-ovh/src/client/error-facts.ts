// Turns whatever a transport saw of a failed call into the facts other code decides by (O-62).

import type { HttpMethod, OvhApiErrorFacts } from "./ovh-api.ts";

export interface FailedCall {
  readonly method: HttpMethod;
  readonly route: string;
  readonly status?: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What the library threw. */
  readonly thrown: unknown;
  readonly said?: string;
}

const LONGEST_TEXT = 400;

export function errorFacts(call: FailedCall): OvhApiErrorFacts {
  const body = parseObject(call.body);
  const details = isObject(body["details"]) ? body["details"] : {};
  const queryId = single(call.headers["x-ovh-queryid"]);
  const retryAfter = retryAfterMs(single(call.headers["retry-after"]));
  return {
    method: call.method,
    route: call.route,
    ...(call.status === undefined ? {} : { status: call.status }),
    ...pick("errorCode", body["errorCode"]),
    ...pick("errorClass", body["class"]),
    ...pick("missingAction", details["unauthorizedActionsByIAM"]),
    ...(queryId === undefined ? {} : { queryId }),
    ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter }),
    said: (call.said ?? text(body["message"]) ?? networkText(call)).slice(0, LONGEST_TEXT),
    outcomeUnknown: isUnknown(call),
  };
}

/** A request that was answered with 2xx but unreadably, with a server error, or not at all may have been carried out. */
function isUnknown(call: FailedCall): boolean {
  if (call.method === "GET") return false;
  const { status } = call;
  if (status === undefined) return !isConnectionRefused(call.thrown);
  return status < 300 || status === 408 || status >= 500;
}

/** Nobody listened: nothing was carried out. */
function isConnectionRefused(thrown: unknown): boolean {
  return /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CERT|SELF_SIGNED|UNABLE_TO_VERIFY|-111\b|-3008\b|-3001\b/.test(
    thrownText(thrown),
  );
}

function networkText(call: FailedCall): string {
  if (call.status !== undefined)
    return call.status < 300 ? "the answer is not JSON" : `the answer is not JSON (${thrownText(call.thrown)})`;
  return thrownText(call.thrown);
}

function thrownText(thrown: unknown): string {
  if (thrown instanceof Error) {
    const code = (thrown as { code?: unknown }).code;
    return typeof code === "string" ? `${code}: ${thrown.message}` : thrown.message;
  }
  if (isObject(thrown)) {
    const inner = thrown["error"];
    if (inner instanceof Error) return thrownText(inner);
    return typeof inner === "string" ? inner : `network error ${String(inner)}`;
  }
  return String(thrown);
}

function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d+$/.test(value.trim())) return undefined;
  return Number(value) * 1000;
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function pick<K extends string>(key: K, value: unknown): Partial<Record<K, string>> {
  const found = text(value);
  return found === undefined ? {} : ({ [key]: found } as Partial<Record<K, string>>);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
