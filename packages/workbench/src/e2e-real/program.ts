// A program of ours as a process of its own: started from its sources, its output read line by line, ended by its own handle.

import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ProgramOptions {
  /** Below packages/. */
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

const PACKAGES = new URL("../../../", import.meta.url);
/** What a Node program needs of ours to run at all. */
const INHERITED = ["PATH", "HOME", "TMPDIR"];

export class Program {
  readonly #child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  #running = true;

  constructor({ path, args = [], env = {}, onLine }: ProgramOptions) {
    const inherited = INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
    const file = fileURLToPath(new URL(path, PACKAGES));
    this.#child = spawn(process.execPath, ["--conditions=kmc-source", file, ...args], {
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", onLine);
    }
    this.ended = new Promise((resolve) => {
      this.#child.on("close", (code, signal) => {
        this.#running = false;
        resolve(code ?? signal ?? "unknown");
      });
      this.#child.on("error", (error) => {
        this.#running = false;
        resolve(error.message);
      });
    });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Stands still as a machine that is suspended, until thaw(). */
  freeze(): void {
    if (this.#running) this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    if (this.#running) this.#child.kill("SIGCONT");
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    if (this.#running) this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** As Kubernetes would. */
  async stop(): Promise<number | string> {
    if (this.#running) this.#child.kill("SIGTERM");
    return this.ended;
  }
}
