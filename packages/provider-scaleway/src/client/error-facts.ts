// Turns whatever the SDK or fetch threw into the facts other code decides by (§1.4).

import { ScalewayApiError } from "./scaleway-api.ts";
import type { ApiErrorFacts, ApiRequest, ErrorDetail, HttpMethod } from "./scaleway-api.ts";

const LONGEST_TEXT = 500;
const NOBODY_LISTENED = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CERT_|SELF_SIGNED|UNABLE_TO_VERIFY/;
const TOKEN = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

type Json = Readonly<Record<string, unknown>>;

/** `now`: for an answer that names the moment from which calls are taken again. */
export function apiError(
  method: HttpMethod,
  request: ApiRequest,
  thrown: unknown,
  { now, retryAfterHeader }: { readonly now: number; readonly retryAfterHeader?: string | undefined },
): ScalewayApiError {
  const { status, body, message } = read(thrown);
  const retryAfterMs = longest(retryAfter(body, now), headerMs(retryAfterHeader, now));
  const facts: ApiErrorFacts = {
    method,
    route: request.route,
    ...(status === undefined ? {} : { status }),
    ...pick("type", body["type"]),
    ...pick("resource", body["resource"]),
    ...pick("resourceId", body["resource_id"]),
    ...pick("precondition", body["precondition"]),
    details: detailsOf(body["details"]),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    said: said(body, message).slice(0, LONGEST_TEXT),
    outcomeUnknown: isUnknown(method, status, message),
  };
  return new ScalewayApiError(facts, { cause: withoutSecrets(thrown) });
}

/** ScalewayError keeps status and body; fetch throws a TypeError with the network's reason as its cause. */
function read(thrown: unknown): { readonly status: number | undefined; readonly body: Json; readonly message: string } {
  const record = isJson(thrown) ? thrown : {};
  const status = typeof record["status"] === "number" ? record["status"] : undefined;
  const body = isJson(record["body"]) ? record["body"] : {};
  return { status, body, message: textOf(thrown) };
}

function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause instanceof Error ? thrown.cause : undefined;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  if (cause === undefined) return thrown.message;
  return typeof code === "string" ? `${code}: ${cause.message}` : `${thrown.message}: ${cause.message}`;
}

function said(body: Json, message: string): string {
  const details = Array.isArray(body["details"]) && body["details"].length > 0 ? JSON.stringify(body["details"]) : "";
  const parts = [body["message"], body["help_message"], body["precondition"], details].filter(
    (part): part is string => typeof part === "string" && part !== "",
  );
  return parts.length > 0 ? parts.join(", ") : message;
}

/** Answered with an error of the server, or not at all: it may have been carried out. */
function isUnknown(method: HttpMethod, status: number | undefined, message: string): boolean {
  if (method === "GET") return false;
  if (status === undefined) return !NOBODY_LISTENED.test(message);
  return status < 300 || status === 408 || status >= 500;
}

function retryAfter(body: Json, now: number): number | undefined {
  const { reset_seconds: seconds, reset_at: at } = body;
  if (typeof seconds === "number") return seconds * 1000;
  const moment = typeof at === "string" ? Date.parse(at) : Number.NaN;
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now);
}

/** Where body and header differ, the careful reading. */
function longest(...waits: readonly (number | undefined)[]): number | undefined {
  const given = waits.filter((wait) => wait !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}

/** Seconds, or a date (W-60). */
function headerMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function detailsOf(value: unknown): readonly ErrorDetail[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJson).map((detail) => ({
    ...pick("resource", detail["resource"]),
    ...pick("action", detail["action"]),
    ...pick("argument", detail["argument_name"]),
    ...pick("help", detail["help_message"]),
    ...(typeof detail["quota"] === "number" ? { quota: detail["quota"] } : {}),
    ...(typeof detail["current"] === "number" ? { current: detail["current"] } : {}),
  }));
}

/** The SDK's errors hold the body only; what is kept of them as a cause is their text. */
function withoutSecrets(thrown: unknown): Error {
  return new Error(
    textOf(thrown)
      .replaceAll(TOKEN, (id) => `${id.slice(0, 8)}…`)
      .slice(0, LONGEST_TEXT),
  );
}

function pick<Key extends string>(key: Key, value: unknown): Partial<Record<Key, string>> {
  return typeof value === "string" && value !== "" ? ({ [key]: value } as Partial<Record<Key, string>>) : {};
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
