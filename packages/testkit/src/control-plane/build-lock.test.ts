import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "./build-lock.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "build-lock-"));
  path = join(folder, "sub", "lock");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("build lock", () => {
  it("lets one at a time work, and tells the other that it waits", async () => {
    let working = 0;
    let most = 0;
    const waits: string[] = [];
    const begun = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const work = async (): Promise<void> => {
      most = Math.max(most, ++working);
      begun.resolve();
      await told.promise;
      await new Promise((resolve) => setTimeout(resolve, 50));
      working--;
    };
    const run = (name: string): Promise<void> => {
      const onWait = (): void => {
        waits.push(name);
        told.resolve();
      };
      return withLock(path, { onWait }, work);
    };
    const first = run("first");
    await begun.promise;
    await Promise.all([first, run("second")]);
    expect(most).toBe(1);
    expect(waits).toEqual(["second"]);
    expect(await readdir(join(folder, "sub"))).toEqual([]);
  });

  it("is given back when the work fails", async () => {
    const failing = withLock(path, { onWait: () => undefined }, () => Promise.reject(new Error("no compiler")));
    await expect(failing).rejects.toThrow("no compiler");
    await expect(withLock(path, { onWait: () => undefined }, () => Promise.resolve("done"))).resolves.toBe("done");
  });

  it("is taken from a holder that died", async () => {
    await withLock(path, { onWait: () => undefined }, () => Promise.resolve());
    await writeFile(path, "4711\n");
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path, longAgo, longAgo);
    await expect(withLock(path, { onWait: () => undefined }, () => Promise.resolve("mine"))).resolves.toBe("mine");
    expect(await readdir(join(folder, "sub"))).toEqual([]);
  });

  it("can be given up waiting for", async () => {
    const signal = AbortSignal.timeout(50);
    await withLock(path, { onWait: () => undefined }, async () => {
      await expect(withLock(path, { onWait: () => undefined, signal }, () => Promise.resolve())).rejects.toThrow(
        /aborted/,
      );
    });
  });
});
