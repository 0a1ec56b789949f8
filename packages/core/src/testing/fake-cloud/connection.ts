// Puts an outcome on the wire: headers and JSON, HTML as it stands, cut answers, silence and resets.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer, Incoming, Outcome } from "./outcome.ts";
import { waitWall } from "./wall-time.ts";

/** Larger bodies are no calls to this API. */
const MAX_BODY = 8 * 1024 * 1024;

export async function readIncoming(request: IncomingMessage, scheme: "http" | "https"): Promise<Incoming> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY) throw new RangeError("request body is too large");
    chunks.push(bytes);
  }
  return {
    method: request.method ?? "GET",
    target: request.url ?? "/",
    headers: singleHeaders(request),
    body: Buffer.concat(chunks),
    scheme,
  };
}

export async function send(
  response: ServerResponse,
  outcome: Outcome,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  if (outcome.kind === "silence") {
    if (outcome.delayMs === undefined) return;
    if (outcome.delayMs > 0) await waitWall(outcome.delayMs, signal);
    response.socket?.destroy();
    return;
  }
  if (outcome.delayMs > 0) await waitWall(outcome.delayMs, signal);
  const { answer } = outcome;
  const text = cutText(bodyText(answer), outcome.cut);
  response.writeHead(answer.status, {
    ...headers,
    ...answer.headers,
    ...(answer.status === 304 || answer.status === 204 ? {} : { "Content-Length": Buffer.byteLength(text) }),
  });
  response.end(text);
}

function bodyText({ body }: Answer): string {
  if (body === undefined) return "";
  return typeof body === "string" ? body : JSON.stringify(body);
}

function cutText(text: string, cut: string | true | undefined): string {
  if (cut === undefined) return text;
  return cut === true ? `${text.slice(0, Math.floor(text.length / 2))}{"` : cut;
}

function singleHeaders(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}
