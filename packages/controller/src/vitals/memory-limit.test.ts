import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const MODULE = JSON.stringify(new URL("memory-limit.ts", import.meta.url).href);
const PROGRAM = `
  console.log(JSON.stringify({ options: process.execArgv, pid: process.pid }));
  import(${MODULE}).then(({ keepToMemoryLimit }) => {
    keepToMemoryLimit({ argv: [], env: process.env });
    console.log(JSON.stringify({ heap: require("node:v8").getHeapStatistics().heap_size_limit }));
  });
`;

/** What a process with these variables says of itself at each of its starts, and of its heap in the end. */
async function lives(env: Readonly<Record<string, string>>): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=kmc-source", "-e", PROGRAM], {
    env: { PATH: "/usr/bin:/bin", CLUSTER_NAME: "test", ...env },
  });
  const lines = stdout.trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

const LIMIT = { MEMORY_LIMIT: String(1024 ** 3) };

describe("RT-45: a process with a memory limit", () => {
  it("becomes itself once more with three quarters of it for the heap, under the same id", async () => {
    const [first, second, end, ...more] = await lives(LIMIT);
    expect(first?.["options"]).toEqual(["--conditions=kmc-source", "-e", PROGRAM]);
    expect(second).toEqual({
      options: ["--conditions=kmc-source", "-e", PROGRAM, "--max-old-space-size=768"],
      pid: first?.["pid"],
    });
    expect(end?.["heap"]).toBeLessThan(1024 ** 3);
    expect(more).toEqual([]);
  });

  it("starts once where NODE_OPTIONS limits the heap, without a limit, and where its settings are wrong", async () => {
    expect(await lives({ ...LIMIT, NODE_OPTIONS: "--max-old-space-size=500" })).toHaveLength(2);
    expect(await lives({})).toHaveLength(2);
    expect(await lives({ ...LIMIT, LOG_LEVEL: "warn" })).toHaveLength(2);
  });
});
