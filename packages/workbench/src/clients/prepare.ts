// Gets a client program ready to run: its language is there, and what it needs is installed or built in the user's cache.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClientProgram } from "./suite.ts";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Besides what the suite says. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What has to be installed by hand. */
export class MissingLanguage extends Error {
  override readonly name = "MissingLanguage";
}

const LAST_LINES = 15;

/** ${XDG_CACHE_HOME:-~/.cache}/karpenter-multicloud/clients */
export function cacheRoot(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "karpenter-multicloud", "clients");
}

/** @throws MissingLanguage when the machine cannot run programs of that language; Error when an installation fails */
export async function prepare(program: ClientProgram, signal: AbortSignal): Promise<Command> {
  switch (program.language) {
    case "python":
      return await preparePython(program, signal);
    case "go":
      return await prepareGo(program, signal);
    case "node":
      return await prepareNode(program, signal);
  }
}

async function prepareNode(
  { name, program, tool }: Extract<ClientProgram, { language: "node" }>,
  signal: AbortSignal,
): Promise<Command> {
  const command = { program: process.execPath, args: ["--conditions=kmc-source", fileURLToPath(program)] };
  if (tool === undefined) return command;
  return { ...command, env: { [tool.variable]: await builtGo(name, tool.folder, tool.package, signal) } };
}

async function preparePython(
  { name, program, requirements }: Extract<ClientProgram, { language: "python" }>,
  signal: AbortSignal,
): Promise<Command> {
  const version = await run("python3", ["--version"], { signal }).catch((cause: unknown) => {
    throw new MissingLanguage("python3 is not on the PATH", { cause });
  });
  const file = fileURLToPath(requirements);
  const python = await once(join(cacheRoot(), `${name}-${digest([version, readFileSync(file)])}`), async (folder) => {
    await run("python3", ["-m", "venv", folder], { signal }).catch((cause: unknown) => {
      throw new MissingLanguage("python3 has no venv (Debian: python3-venv)", { cause });
    });
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", file];
    await run(join(folder, "bin", "python"), pip, { signal });
  });
  return { program: join(python, "bin", "python"), args: [fileURLToPath(program)] };
}

async function prepareGo(
  { name, folder }: Extract<ClientProgram, { language: "go" }>,
  signal: AbortSignal,
): Promise<Command> {
  return { program: await builtGo(name, folder, ".", signal), args: [] };
}

/** The path of the program that `what`, a package seen from the module in the folder, builds to. */
async function builtGo(name: string, folder: URL, what: string, signal: AbortSignal): Promise<string> {
  const source = fileURLToPath(folder);
  const version = await run("go", ["version"], { signal }).catch((cause: unknown) => {
    throw new MissingLanguage("go is not on the PATH", { cause });
  });
  const files = readdirSync(source).toSorted();
  const contents = files.map((file) => readFileSync(join(source, file)));
  const built = await once(join(cacheRoot(), `${name}-${digest([version, what, ...contents])}`), async (out) => {
    mkdirSync(out, { recursive: true });
    const args = ["build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-o", join(out, name), what];
    await run("go", args, { signal, cwd: source, env: { CGO_ENABLED: "0", GOWORK: "off" } });
  });
  return join(built, name);
}

/** What a broken attempt left is made again: only a finished folder has the mark. */
async function once(folder: string, make: (folder: string) => Promise<void>): Promise<string> {
  const mark = join(folder, "ready");
  if (existsSync(mark)) return folder;
  mkdirSync(cacheRoot(), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  await make(folder);
  writeFileSync(mark, "");
  return folder;
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 12);
}

interface RunOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** Besides this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** For each line as it comes, of both streams. */
  readonly onLine?: (line: string) => void;
}

/** Answers what it printed. @throws Error with its last lines */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { signal, cwd, env, onLine = () => undefined } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
      ...(cwd === undefined ? {} : { cwd }),
    });
    let printed = "";
    let rest = "";
    const read = (text: string): void => {
      printed += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.on("error", reject);
    child.on("close", (code, how) => {
      if (code === 0) return resolve(printed);
      const end = printed.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
      reject(new Error(`${basename(program)} ${args[0] ?? ""} ended with ${code ?? how}:\n${end}`));
    });
  });
}
