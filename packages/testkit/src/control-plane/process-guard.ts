// The launcher's end of the guard process: starts and ends components, and knows which of them run.

import { spawn, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { GuardEvent, GuardOrder } from "./guard-protocol.ts";

export interface GuardedProcess {
  readonly pid: number;
  /** How it ended: "exit code 1", "SIGKILL". Undefined while it runs. */
  readonly ended: string | undefined;
  kill(): Promise<void>;
}

interface Entry {
  pid: number;
  ended: string | undefined;
  readonly started: PromiseWithResolvers<void>;
  readonly over: PromiseWithResolvers<void>;
}

const GUARD = fileURLToPath(new URL(`./guard${extname(import.meta.url)}`, import.meta.url));

export class ProcessGuard {
  readonly #guard: ChildProcess;
  readonly #entries = new Map<number, Entry>();
  readonly #gone: Promise<void>;
  #nextId = 1;

  /** `folder` is the home of all components; it is removed when the guard ends. */
  constructor(folder: string) {
    const env = { HOME: folder, TMPDIR: folder, PATH: process.env["PATH"] };
    // In a group of its own, so that Ctrl-C in the terminal reaches the launcher alone.
    const options = { detached: true, env, cwd: folder };
    this.#guard = spawn(process.execPath, [GUARD, folder], { ...options, stdio: ["pipe", "pipe", "inherit"] });
    this.#guard.stdin?.on("error", () => undefined);
    const lines = this.#guard.stdout;
    if (lines !== null) createInterface({ input: lines }).on("line", (line) => this.#onEvent(line));
    this.#gone = new Promise((resolve) => {
      this.#guard.on("exit", (code) => {
        this.#onGone(code === 0);
        resolve();
      });
      this.#guard.on("error", () => {
        this.#onGone(true);
        resolve();
      });
    });
  }

  /** @throws Error when the program cannot be started */
  async start(command: string, args: readonly string[], log: string): Promise<GuardedProcess> {
    const id = this.#nextId++;
    const entry: Entry = {
      pid: 0,
      ended: undefined,
      started: Promise.withResolvers(),
      over: Promise.withResolvers(),
    };
    this.#entries.set(id, entry);
    this.#order({ order: "start", id, command, args, log });
    await Promise.race([entry.started.promise, entry.over.promise, this.#gone]);
    if (entry.pid === 0) throw new Error(`${command} did not start: ${entry.ended ?? "its guard has ended"}`);
    return {
      pid: entry.pid,
      get ended() {
        return entry.ended;
      },
      kill: async () => {
        if (entry.ended === undefined) this.#order({ order: "kill", id });
        await Promise.race([entry.over.promise, this.#gone]);
      },
    };
  }

  /** Ends all components, then the guard. */
  async close(): Promise<void> {
    this.#guard.stdin?.end();
    await this.#gone;
  }

  #order(order: GuardOrder): void {
    this.#guard.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #onEvent(line: string): void {
    const event = JSON.parse(line) as GuardEvent;
    const entry = this.#entries.get(event.id);
    if (entry === undefined) return;
    if (event.event === "started") {
      entry.pid = event.pid;
      entry.started.resolve();
    } else {
      entry.ended = event.how;
      entry.over.resolve();
    }
  }

  /** A guard that was killed cannot end its children: then we do. */
  #onGone(inOrder: boolean): void {
    for (const entry of this.#entries.values()) {
      if (entry.ended !== undefined) continue;
      entry.ended = "its guard has ended";
      if (!inOrder && entry.pid > 0) killQuietly(entry.pid);
      entry.over.resolve();
    }
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
