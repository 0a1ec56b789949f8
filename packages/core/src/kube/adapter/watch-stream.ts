// A watch's answer as events: one JSON object per line. A line that cannot be read ends the stream with an error, it is never skipped (RT-6).

import type { KubeObject } from "../../api/index.ts";
import type { WatchEvent } from "../client.ts";
import { KubeError } from "../errors.ts";
import { isRecord, readStatus } from "./status-error.ts";

/** @throws KubeError when a line is not an event, or the text ends inside a line */
export async function* parseWatchEvents<T extends KubeObject>(
  what: string,
  chunks: AsyncIterable<string>,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  for await (const line of splitLines(what, chunks)) yield parseEvent<T>(what, line);
}

async function* splitLines(what: string, chunks: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", start)) {
      const line = rest + chunk.slice(start, end);
      rest = "";
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    rest += chunk.slice(start);
  }
  if (rest.trim() !== "") throw broken(what, "it ends inside an event");
}

function parseEvent<T extends KubeObject>(what: string, line: string): WatchEvent<T> {
  const event = parseLine(what, line);
  const object = event["object"];
  switch (event["type"]) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      if (!isRecord(object) || !isRecord(object["metadata"])) throw broken(what, "an event carries no object");
      return { type: event["type"], object: object as unknown as T };
    case "BOOKMARK":
      return { type: "BOOKMARK", resourceVersion: bookmarkVersion(what, object) };
    case "ERROR":
      return errorEvent(object);
    default:
      throw broken(what, `event type ${JSON.stringify(event["type"])} is unknown`);
  }
}

function parseLine(what: string, line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw broken(what, "a line is not JSON", error);
  }
  if (!isRecord(value)) throw broken(what, "a line is not an event");
  return value;
}

function bookmarkVersion(what: string, object: unknown): string {
  const metadata = isRecord(object) && isRecord(object["metadata"]) ? object["metadata"] : {};
  const version = metadata["resourceVersion"];
  if (typeof version !== "string") throw broken(what, "a bookmark carries no resource version");
  return version;
}

function errorEvent(object: unknown): WatchEvent<never> {
  const status = readStatus(object);
  return {
    type: "ERROR",
    code: status?.code ?? 0,
    reason: status?.reason ?? "Unknown",
    message: status?.message ?? "the server ended the watch with an error",
  };
}

function broken(what: string, why: string, cause?: unknown): KubeError {
  return new KubeError(0, "Unknown", `${what}: broken stream: ${why}`, { cause });
}
