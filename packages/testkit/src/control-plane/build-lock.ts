// One builder at a time: a lock file that its holder keeps touching, so that a holder that died is noticed.

import { mkdir, open, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const TOUCH_MS = 2_000;
const STALE_MS = 20_000;
const POLL_MS = 500;

export interface LockOptions {
  /** Called once when somebody else holds the lock. */
  readonly onWait: () => void;
  readonly signal?: AbortSignal;
}

/** Runs `work` while holding the lock at `path`. */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  await acquire(path, options);
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, TOUCH_MS);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(path, { force: true });
  }
}

async function acquire(path: string, { onWait, signal }: LockOptions): Promise<void> {
  for (let waiting = false; !(await tryCreate(path));) {
    if (await isStale(path)) {
      await discard(path);
      continue;
    }
    if (!waiting) onWait();
    waiting = true;
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(`${process.pid}\n`);
    await file.close();
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > STALE_MS;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** By renaming, which only one of several waiters can do. */
async function discard(path: string): Promise<void> {
  const grave = `${path}.${process.pid}`;
  try {
    await rename(path, grave);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  await rm(grave, { force: true });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
