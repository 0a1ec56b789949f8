// The fake of a cloud as other programs get it: `fake-cloud` in a process of its own, asked through its /_fake/ paths.

import { readFileSync } from "node:fs";
import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { text } from "node:stream/consumers";
import { Program } from "../e2e-real/program.ts";
import type { FakeCloudReady } from "./suite.ts";

interface Violation {
  readonly kind: string;
  readonly message: string;
}

export class ServedFake {
  readonly ready: FakeCloudReady;
  readonly #program: Program;
  readonly #ca: Buffer | undefined;

  private constructor(program: Program, ready: FakeCloudReady) {
    this.#program = program;
    this.ready = ready;
    this.#ca = ready.caFile === undefined ? undefined : readFileSync(ready.caFile);
  }

  /** @throws Error with what it printed instead of its JSON line */
  static async start(cloud: string, args: readonly string[]): Promise<ServedFake> {
    const first = Promise.withResolvers<string>();
    const path = "workbench/src/fake-cloud/main.ts";
    const program = new Program({ path, args: [cloud, ...args], onLine: first.resolve });
    const end = program.ended.then((how) => Promise.reject(new Error(`fake-cloud ${cloud} ended with ${how}`)));
    const line = await Promise.race([first.promise, end]);
    if (!line.startsWith("{")) throw new Error(`fake-cloud ${cloud}: ${line}`);
    return new ServedFake(program, JSON.parse(line) as FakeCloudReady);
  }

  async reset(): Promise<void> {
    await this.#ask("POST", "/_fake/reset");
  }

  async violations(): Promise<readonly Violation[]> {
    const report = JSON.parse(await this.#ask("GET", "/_fake/invariants")) as { violations: readonly Violation[] };
    return report.violations;
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }

  #ask(method: string, path: string): Promise<string> {
    const url = new URL(path, this.ready.url);
    const send = url.protocol === "https:" ? overHttps : overHttp;
    const options = { method, ...(this.#ca === undefined ? {} : { ca: this.#ca }) };
    return new Promise((resolve, reject) => {
      const sent = send(url, options, (answer) => {
        text(answer).then((body) => {
          const { statusCode = 500 } = answer;
          if (statusCode < 300) resolve(body);
          else reject(new Error(`${method} ${path}: ${statusCode} ${body}`));
        }, reject);
      });
      sent.on("error", reject).end();
    });
  }
}
