// The fake OVHcloud API in a process of its own, whose machines join a real cluster.

import { readFile } from "node:fs/promises";
import { get, request } from "node:https";
import type {
  FakeFault,
  FakeOvhCredentials,
  FakeOvhState,
  InvariantReport,
} from "@karpenter-multicloud/provider-ovh/testing";
import { Program } from "./program.ts";

interface Ready {
  /** With /1.0. */
  readonly url: string;
  readonly caFile: string;
  readonly credentials: FakeOvhCredentials;
}

export interface FakeCloudProcessOptions {
  /** @defaultValue "fast" */
  readonly speed?: "fast" | "real";
  readonly env?: Readonly<Record<string, string>>;
}

export class FakeCloudProcess {
  readonly url: string;
  readonly caFile: string;
  readonly credentials: FakeOvhCredentials;
  readonly #program: Program;
  readonly #ca: Buffer;

  private constructor(program: Program, ready: Ready, ca: Buffer) {
    this.#program = program;
    this.#ca = ca;
    this.url = ready.url;
    this.caFile = ready.caFile;
    this.credentials = ready.credentials;
  }

  static async start(kubeconfig: string, options: FakeCloudProcessOptions = {}): Promise<FakeCloudProcess> {
    const { speed = "fast", env = {} } = options;
    const first = Promise.withResolvers<string>();
    const args = ["ovh", "--kubeconfig", kubeconfig, "--speed", speed];
    const program = new Program({ path: "workbench/src/fake-cloud/main.ts", args, env, onLine: first.resolve });
    const end = program.ended.then((how) => Promise.reject(new Error(`the fake cloud ended with ${how}`)));
    const ready = JSON.parse(await Promise.race([first.promise, end])) as Ready;
    return new FakeCloudProcess(program, ready, await readFile(ready.caFile));
  }

  state(): Promise<FakeOvhState> {
    return this.#get("/_fake/state");
  }

  invariants(): Promise<InvariantReport> {
    return this.#get("/_fake/invariants");
  }

  /** From now on these go wrong, and nothing else. */
  arm(faults: readonly FakeFault[]): Promise<void> {
    return this.#post("/_fake/faults", faults);
  }

  /** Its kubelet says so from now on. Any name of the machine will do. */
  async sicken(machine: string): Promise<void> {
    await this.#post("/_fake/sicken", { machine });
  }

  /** Its kubelet is well again. */
  async cure(machine: string): Promise<void> {
    await this.#post("/_fake/cure", { machine });
  }

  /** What the fake's switches are called and mean is the fake's to say. */
  async switch(switches: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#post("/_fake/switches", switches);
  }

  #post(path: string, body: unknown): Promise<void> {
    const options = { ca: this.#ca, method: "POST", headers: { "content-type": "application/json" } };
    return new Promise((resolve, reject) => {
      const posted = request(new URL(path, this.url), options, (answer) => {
        answer.resume();
        if (answer.statusCode === 200) answer.on("end", resolve);
        else reject(new Error(`POST ${path}: ${answer.statusCode}`));
      });
      posted.on("error", reject).end(JSON.stringify(body));
    });
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }

  #get<T>(path: string): Promise<T> {
    return new Promise((resolve, reject) => {
      get(new URL(path, this.url), { ca: this.#ca }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("error", reject);
        answer.on("end", () => {
          if (answer.statusCode === 200) resolve(JSON.parse(text) as T);
          else reject(new Error(`GET ${path}: ${answer.statusCode} ${text}`));
        });
      }).on("error", reject);
    });
  }
}
