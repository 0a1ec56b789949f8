import { describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import type { WatchEvent } from "../client.ts";
import { parseWatchEvents } from "./watch-stream.ts";

function line(type: string, name: string): string {
  return `${JSON.stringify({ type, object: { kind: "Pod", metadata: { name, resourceVersion: "7" } } })}\n`;
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<string> {
  for (const text of texts) yield await Promise.resolve(text);
}

async function read(...texts: readonly string[]): Promise<readonly WatchEvent<Pod>[]> {
  return Array.fromAsync(parseWatchEvents<Pod>("watch pods", chunks(...texts)));
}

describe("parseWatchEvents", () => {
  it("reads events whatever way the network cuts them", async () => {
    const text = line("ADDED", "a") + line("MODIFIED", "b") + line("DELETED", "c");
    const expected = await read(text);
    expect(expected.map((event) => event.type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
    for (const size of [1, 3, 17, 64]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      expect(await read(...pieces)).toEqual(expected);
    }
  });

  it("turns bookmarks into versions and Status objects into errors", async () => {
    const expired = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
    expect(await read(line("BOOKMARK", ""), `${JSON.stringify({ type: "ERROR", object: expired })}\n`)).toEqual([
      { type: "BOOKMARK", resourceVersion: "7" },
      { type: "ERROR", code: 410, reason: "Expired", message: "too old" },
    ]);
  });

  it.each([
    ["a line is not JSON", "{]\n"],
    ["a line is not an event", "[]\n"],
    ['event type "RENAMED" is unknown', line("RENAMED", "a")],
    ["an event carries no object", '{"type":"ADDED"}\n'],
    ["a bookmark carries no resource version", '{"type":"BOOKMARK","object":{"metadata":{}}}\n'],
    ["it ends inside an event", line("ADDED", "a").slice(0, -9)],
  ])("RT-6: ends with an error when %s", async (why, text) => {
    await expect(read(line("ADDED", "first"), text)).rejects.toMatchObject({
      name: "KubeError",
      message: `watch pods: broken stream: ${why}`,
    });
  });
});
