// What a failed answer means: KubeErrors from an HTTP status and the Status object in its body.

import { KubeError, type KubeErrorReason } from "../errors.ts";

/** A Status object as far as it is read. */
export interface StatusBody {
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

const REASONS: ReadonlySet<string> = new Set<KubeErrorReason>([
  "NotFound",
  "AlreadyExists",
  "Conflict",
  "Invalid",
  "BadRequest",
  "Forbidden",
  "Unauthorized",
  "Expired",
  "Gone",
  "TooManyRequests",
  "UnsupportedMediaType",
  "MethodNotAllowed",
  "InternalError",
  "ServiceUnavailable",
  "Timeout",
]);

/** For answers without a Status: from proxies, or before a handler was reached. */
const REASON_OF_CODE: ReadonlyMap<number, KubeErrorReason> = new Map([
  [400, "BadRequest"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [405, "MethodNotAllowed"],
  [409, "Conflict"],
  [410, "Gone"],
  [415, "UnsupportedMediaType"],
  [422, "Invalid"],
  [429, "TooManyRequests"],
  [500, "InternalError"],
  [503, "ServiceUnavailable"],
  [504, "Timeout"],
]);

const LONGEST_PLAIN_TEXT = 200;

/** An answer other than 2xx. A Status tells in its own words what it is about; for all else `what` names the request, as "get pods a/b". */
export function answerError(what: string, code: number, body: string, retryAfter: string | undefined): KubeError {
  const status = parseStatus(body);
  const message = status?.message ?? withoutStatus(what, code, body);
  const retryAfterSeconds = headerSeconds(retryAfter) ?? status?.retryAfterSeconds;
  const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new KubeError(code, reasonOf(code, status?.reason), message, options);
}

function withoutStatus(what: string, code: number, body: string): string {
  const text = body.trim().slice(0, LONGEST_PLAIN_TEXT);
  return `${what}: answer ${code}${text === "" ? "" : `: ${text}`}`;
}

/** No answer: the outcome of a write is unknown. */
export function noAnswerError(what: string, cause: unknown): KubeError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new KubeError(0, "Unknown", `${what}: no answer: ${detail}`, { cause });
}

/** No answer in time: the outcome of a write is unknown. */
export function timeoutError(what: string, seconds: number): KubeError {
  return new KubeError(0, "Timeout", `${what}: no answer within ${seconds} s`);
}

export function reasonOf(code: number, reason: string | undefined): KubeErrorReason {
  if (reason !== undefined && REASONS.has(reason)) return reason as KubeErrorReason;
  return REASON_OF_CODE.get(code) ?? "Unknown";
}

/** Undefined when the text is not a Status. */
function parseStatus(text: string): StatusBody | undefined {
  try {
    return readStatus(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Undefined when the value is not a Status. */
export function readStatus(value: unknown): StatusBody | undefined {
  if (!isRecord(value) || value["kind"] !== "Status") return undefined;
  const details = isRecord(value["details"]) ? value["details"] : {};
  return {
    code: numberOf(value["code"]),
    reason: textOf(value["reason"]),
    message: textOf(value["message"]),
    retryAfterSeconds: numberOf(details["retryAfterSeconds"]),
  };
}

/** The seconds form of Retry-After, the only one that API servers send. */
function headerSeconds(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,9}$/.test(header.trim()) ? Number(header) : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
