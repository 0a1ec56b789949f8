// The smallest client of the fake, for its own tests: one call, and what came back.

import type { FakeScaleway } from "./server.ts";

export interface TinyAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly headers: Headers;
}

export class TinyClient {
  readonly #fake: Pick<FakeScaleway, "url" | "credentials">;

  constructor(fake: Pick<FakeScaleway, "url" | "credentials">) {
    this.#fake = fake;
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = { "X-Auth-Token": this.#fake.credentials.secretKey },
  ): Promise<TinyAnswer> {
    const isText = typeof body === "string";
    const answer = await fetch(`${this.#fake.url}${path}`, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "Content-Type": isText ? "text/plain" : "application/json; charset=utf-8" }),
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.startsWith("application/json") === true && text !== "";
    const parsed = isJson ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : {};
    return { status: answer.status, body: parsed, text, headers: answer.headers };
  }
}
