// The controller as its own process, started again whenever it ends, as Kubernetes does with a container.

import { Program } from "./program.ts";

interface LogLine {
  readonly level: string;
  readonly message: string;
}

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
  readonly #endings: (number | string)[] = [];

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  start(): void {
    this.#lives++;
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

  /** Processes so far, the running one included. */
  get lives(): number {
    return this.#lives;
  }

  /** How each of them ended. */
  get endings(): readonly (number | string)[] {
    return this.#endings;
  }

  /** Of the newest process: resolves when it works as the leader. */
  get leads(): Promise<void> {
    return this.#led.promise;
  }

  /** Of all lives; the last ones. */
  get log(): readonly string[] {
    return this.#lines;
  }

  errors(): readonly string[] {
    return this.#lines.filter((line) => parse(line)?.level.toLowerCase() === "error");
  }

  /** SIGKILL; the next process starts at once. */
  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  /** SIGTERM, for good. Answers the exit code. */
  async stop(): Promise<number | string | undefined> {
    this.#wanted = false;
    return await this.#program?.stop();
  }

  #onLine(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
    if (parse(line)?.message.startsWith(LEADS) === true) this.#led.resolve();
  }
}

function parse(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
