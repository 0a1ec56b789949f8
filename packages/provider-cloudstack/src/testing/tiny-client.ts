// The smallest client of the fake, for its own tests: signs as the document says and shows what came back.

import { createHmac } from "node:crypto";

export interface TinyAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The name of the one key, and what stands under it. */
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface TinyKeys {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly secretKey: string;
}

export class TinyClient {
  readonly #keys: TinyKeys;

  constructor(keys: TinyKeys) {
    this.#keys = keys;
  }

  /** Of the same server, with the keys of its administrator. */
  static admin(keys: TinyKeys): TinyClient {
    return new TinyClient({ ...keys, apiKey: "fake-admin-api-key", secretKey: "fake-admin-secret-key" });
  }

  async call(
    command: string,
    parameters: Readonly<Record<string, string>> = {},
    method: "GET" | "POST" = "GET",
  ): Promise<TinyAnswer> {
    const all = { ...parameters, command, response: "json", apikey: this.#keys.apiKey };
    const signed = Object.entries(all)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join("&")
      .toLowerCase();
    const signature = createHmac("sha1", this.#keys.secretKey).update(signed).digest("base64");
    const query = new URLSearchParams({ ...all, signature });
    return read(
      await (method === "GET"
        ? fetch(`${this.#keys.apiUrl}?${query.toString()}`)
        : fetch(this.#keys.apiUrl, { method: "POST", body: query })),
    );
  }

  /** By password, as cmk does without keys; with the session's key no signature is wanted. */
  async inSession(query: string): Promise<TinyAnswer> {
    const credentials = { command: "login", username: "k8s", password: "password", response: "json" };
    const login = await fetch(this.#keys.apiUrl, { method: "POST", body: new URLSearchParams(credentials) });
    const { payload } = await read(login);
    return read(await fetch(`${this.#keys.apiUrl}?${query}response=json&sessionkey=${String(payload["sessionkey"])}`));
  }

  /** The result of the job, asked for again and again. */
  async job(jobId: unknown): Promise<Readonly<Record<string, unknown>>> {
    for (let asked = 0; asked < 300; asked++) {
      const { payload } = await this.call("queryAsyncJobResult", { jobid: String(jobId) });
      if (payload["jobstatus"] !== 0) return payload;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
    throw new Error(`job ${String(jobId)} does not end`);
  }
}

async function read(answer: Response): Promise<TinyAnswer> {
  const body = (await answer.json()) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const [[name, payload] = ["", {}]] = Object.entries(body);
  return { status: answer.status, headers: answer.headers, name, payload };
}
