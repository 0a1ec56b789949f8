// Builds the control plane's programs from their Go modules into the user's cache.

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { setPriority } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, cacheRoot, findBinary } from "./binaries.ts";
import { withLock } from "./build-lock.ts";
import { BINARIES, type BinaryName, type BinarySource } from "./versions.ts";

export interface BuildOptions {
  /** @defaultValue all of them, kubectl and helm included */
  readonly only?: readonly BinaryName[];
  /** One line of text per step, without a line break. */
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The Go modules; from src and from dist alike. */
const MODULES = fileURLToPath(new URL("../../../../tools/controlplane/", import.meta.url));
/** The machine stays usable meanwhile. */
const NICE = 15;
const LAST_LINES = 15;

/**
 * Builds what is in neither KUBEBUILDER_ASSETS nor the cache. Each program appears in the cache at once and whole.
 *
 * @throws Error when `go` is missing or a build fails
 */
export async function buildControlPlane(options: BuildOptions = {}): Promise<void> {
  const { only, progress = () => undefined, signal } = options;
  const wanted = BINARIES.filter(({ name }) => only === undefined || only.includes(name));
  const missing = (): readonly BinarySource[] => wanted.filter(({ name }) => findBinary(name) === undefined);
  if (missing().length === 0) return;
  const onWait = (): void => {
    progress("another build is running; waiting for it");
  };
  await withLock(join(cacheRoot(), "build.lock"), { onWait, ...(signal === undefined ? {} : { signal }) }, async () => {
    const sources = missing();
    for (const [index, source] of sources.entries()) {
      const started = performance.now();
      progress(`[${index + 1}/${sources.length}] building ${source.name} from ${source.package}`);
      await buildOne(source, signal);
      progress(`[${index + 1}/${sources.length}] ${source.name} is ready after ${secondsSince(started)} s`);
    }
  });
}

async function buildOne(source: BinarySource, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const workplace = await mkdtemp(join(cacheRoot(), "build-"));
  try {
    const output = join(workplace, source.name);
    const args = ["build", "-trimpath", "-buildvcs=false", "-ldflags", source.ldflags, "-o", output, source.package];
    await runGo(args, join(MODULES, source.module), signal);
    await rename(output, join(cacheFolder(), source.name));
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

function runGo(args: readonly string[], cwd: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CGO_ENABLED: "0" };
    const stdio: ["ignore", "ignore", "pipe"] = ["ignore", "ignore", "pipe"];
    const go = spawn("go", args, { cwd, env, stdio, ...(signal === undefined ? {} : { signal }) });
    if (go.pid !== undefined) lowerPriority(go.pid);
    let lines: readonly string[] = [];
    go.stderr.setEncoding("utf8").on("data", (text: string) => {
      lines = [...lines, ...text.split("\n").filter((line) => line !== "")].slice(-LAST_LINES);
    });
    go.on("error", (error) => {
      reject("code" in error && error.code === "ENOENT" ? noGo(error) : error);
    });
    go.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`go build in ${cwd} ended with ${code}:\n${lines.join("\n")}`));
    });
  });
}

function noGo(cause: Error): Error {
  return new Error("the control plane is built with Go, which is not on the PATH", { cause });
}

/** Compilers that it starts inherit the priority. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICE);
  } catch {
    // It has ended already.
  }
}

function secondsSince(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(0);
}
