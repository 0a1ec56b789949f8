// The controller as its own process, started again whenever it ends, as Kubernetes does with a container.

import { setTimeout as sleep } from "node:timers/promises";
import { Program } from "./program.ts";

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly metricsPort?: number;
}

/** Longer than the lease of one that was killed. */
const LEADS_WITHIN_MS = 180_000;
const MOST_LINES = 5_000;
/** Logged by the process that got the lease. */
const LEADS = "became the leader";

export class ControllerProcess {
  readonly #env: Readonly<Record<string, string>>;
  readonly #lines: string[] = [];
  #program: Program | undefined;
  #wanted = true;
  #lives = 0;
  #led = Promise.withResolvers<void>();
  #leading = false;
  #metricsPort: number | undefined;
  readonly #endings: (number | string)[] = [];

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  start(): void {
    this.#lives++;
    this.#leading = false;
    this.#led = Promise.withResolvers();
    const program = new Program({
      path: "controller/src/main.ts",
      env: this.#env,
      onLine: (line) => this.#onLine(line),
    });
    this.#program = program;
    void program.ended.then((how) => {
      this.#endings.push(how);
      if (this.#wanted) this.start();
    });
  }

  /** Of the newest process. */
  get pid(): number | undefined {
    return this.#program?.pid;
  }

  /** Processes so far, the running one included. */
  get lives(): number {
    return this.#lives;
  }

  /** How each of them ended. */
  get endings(): readonly (number | string)[] {
    return this.#endings;
  }

  /** Whether the newest process has the lease, as far as its log tells. */
  get leading(): boolean {
    return this.#leading;
  }

  /** Of the newest process that has said it. @throws Error when none has */
  get metricsPort(): number {
    if (this.#metricsPort === undefined) throw new Error("the controller has not told its port of metrics");
    return this.#metricsPort;
  }

  /** Until the newest process leads. @throws Error with the end of the log when none does in time */
  async leads(): Promise<void> {
    const limit = new AbortController();
    const tooLong = sleep(LEADS_WITHIN_MS, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`the controller does not lead in time; its log ends with\n${this.#lines.slice(-5).join("\n")}`);
    });
    try {
      await Promise.race([this.#led.promise, tooLong]);
    } finally {
      limit.abort();
      tooLong.catch(() => undefined);
    }
  }

  /** Of all lives; the last ones. */
  get log(): readonly string[] {
    return this.#lines;
  }

  errors(): readonly string[] {
    return this.#lines.filter((line) => parse(line)?.level.toLowerCase() === "error");
  }

  /** SIGSTOP: it hears and does nothing, and does not know it. */
  freeze(): void {
    this.#program?.freeze();
  }

  thaw(): void {
    this.#program?.thaw();
  }

  /** SIGTERM; the next process starts when this one has ended. Answers the exit code. */
  async replace(): Promise<number | string | undefined> {
    return await this.#program?.stop();
  }

  /** SIGKILL; the next process starts at once. */
  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  /** SIGTERM, for good. Answers the exit code. */
  async stop(): Promise<number | string | undefined> {
    this.#wanted = false;
    this.#program?.thaw();
    return await this.#program?.stop();
  }

  #onLine(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
    const said = parse(line);
    this.#metricsPort = said?.metricsPort ?? this.#metricsPort;
    if (said?.message.startsWith(LEADS) !== true) return;
    this.#leading = true;
    this.#led.resolve();
  }
}

function parse(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
