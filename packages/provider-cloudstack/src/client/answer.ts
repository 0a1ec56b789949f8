// What an HTTP answer of CloudStack holds: the payload under its one key, or the facts of a failure.

import { CloudStackError, isRead, type Payload } from "./cloudstack-api.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** Of the header, which proxies send. */
  readonly retryAfterMs?: number;
}

const LONGEST_TEXT = 500;
const PATH_HINT = "; the address of the API usually ends in /client/api";

/** @throws CloudStackError */
export function payloadOf(command: string, answer: HttpAnswer): Payload {
  const payload = parsePayload(answer.text);
  const { status } = answer;
  if (payload === undefined) {
    const said =
      status < 300
        ? "the answer is not what CloudStack sends"
        : `the answer is not CloudStack's: ${excerpt(answer.text)}${status === 404 ? PATH_HINT : ""}`;
    throw new CloudStackError({
      command,
      ...(status < 300 ? {} : { code: status }),
      said,
      answered: false,
      outcomeUnknown: !isRead(command) && (status < 300 || status >= 500),
    });
  }
  if (status < 300 && payload["errorcode"] === undefined) return payload;
  const facts = factsOf(command, payload, status);
  const wait = Math.max(facts.retryAfterMs ?? 0, answer.retryAfterMs ?? 0);
  throw new CloudStackError(wait === 0 ? facts : { ...facts, retryAfterMs: wait });
}

/** The failure of a job stands in its result; old servers say 530 of every job, whatever happened. */
export function jobError(command: string, job: Payload): CloudStackError {
  const result = isObject(job["jobresult"]) ? job["jobresult"] : {};
  const code = typeof job["jobresultcode"] === "number" ? job["jobresultcode"] : 530;
  return new CloudStackError({ ...factsOf(command, result, code), inJob: true });
}

export function isObject(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function factsOf(command: string, body: Payload, status: number): CloudStackError["facts"] {
  const code = typeof body["errorcode"] === "number" ? body["errorcode"] : status;
  const csCode = body["cserrorcode"];
  const said = typeof body["errortext"] === "string" ? body["errortext"] : `it failed with ${code}`;
  const wait = code === 429 ? /retry after \[(\d+)\] ?ms/i.exec(said)?.[1] : undefined;
  return {
    command,
    code,
    ...(typeof csCode === "number" ? { csCode } : {}),
    said: said.slice(0, LONGEST_TEXT),
    answered: true,
    outcomeUnknown: false,
    ...(code === 429 ? { retryAfterMs: wait === undefined ? 1000 : Number(wait) } : {}),
  };
}

/** Exactly one key, an object under it; a text cut short is none. */
function parsePayload(text: string): Payload | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const values = Object.values(parsed);
  const [payload] = values;
  return values.length === 1 && isObject(payload) ? payload : undefined;
}

function excerpt(text: string): string {
  return (
    text
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim()
      .slice(0, 120) || "an empty body"
  );
}
