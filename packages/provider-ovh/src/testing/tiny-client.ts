// The smallest client that signs calls by the published formula; the fake's own tests speak through it.

import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { FakeOvh } from "./server.ts";
import { wallMs } from "@karpenter-multicloud/core/testing/fake-cloud";

export interface TinyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The parsed JSON; undefined when the text is none. */
  readonly json: unknown;
}

export interface TinyOptions {
  readonly applicationKey?: string;
  readonly applicationSecret?: string;
  readonly consumerKey?: string;
  /** What is signed in place of the URL that is called. */
  readonly signedUrl?: string;
  readonly timestamp?: number;
  readonly signature?: string;
  /** Sent instead of what `body` would become. */
  readonly rawBody?: string;
  /** Replaces all headers: an unsigned call. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export class TinyClient {
  readonly #fake: FakeOvh;
  readonly #defaults: TinyOptions;

  constructor(fake: FakeOvh, defaults: TinyOptions = {}) {
    this.#fake = fake;
    this.#defaults = defaults;
  }

  /** A path below /1.0, or from the root when it starts with "//". */
  async call(method: string, path: string, body?: unknown, options: TinyOptions = {}): Promise<TinyAnswer> {
    const merged = { ...this.#defaults, ...options };
    const url = path.startsWith("//") ? this.#fake.origin + path.slice(1) : this.#fake.url + path;
    const text = merged.rawBody ?? (body === undefined ? "" : JSON.stringify(body));
    const headers = merged.headers ?? this.#signed(method, url, text, merged);
    return exchange(this.#fake, { method, url, text, headers, timeoutMs: merged.timeoutMs ?? 60_000 });
  }

  async get(path: string, options: TinyOptions = {}): Promise<TinyAnswer> {
    return this.call("GET", path, undefined, options);
  }

  /** The path of the cluster in the fake's credentials. */
  get kube(): string {
    const { serviceName, kubeId } = this.#fake.credentials;
    return `/cloud/project/${serviceName}/kube/${kubeId}`;
  }

  get project(): string {
    return `/cloud/project/${this.#fake.credentials.serviceName}`;
  }

  #signed(method: string, url: string, text: string, options: TinyOptions): Record<string, string> {
    const { credentials } = this.#fake;
    const applicationSecret = options.applicationSecret ?? credentials.applicationSecret;
    const consumerKey = options.consumerKey ?? credentials.consumerKey;
    const timestamp = String(options.timestamp ?? Math.round(wallMs() / 1000));
    const parts = [applicationSecret, consumerKey, method, options.signedUrl ?? url, text, timestamp];
    const digest = createHash("sha1").update(parts.join("+")).digest("hex");
    return {
      "Content-Type": "application/json",
      "X-Ovh-Application": options.applicationKey ?? credentials.applicationKey,
      "X-Ovh-Consumer": consumerKey,
      "X-Ovh-Timestamp": timestamp,
      "X-Ovh-Signature": options.signature ?? `$1$${digest}`,
    };
  }
}

interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

function exchange(fake: FakeOvh, { method, url, text, headers, timeoutMs }: Exchange): Promise<TinyAnswer> {
  const options = { method, headers: { ...headers, "Content-Length": String(Buffer.byteLength(text)) } };
  return new Promise((resolve, reject) => {
    const receive = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const answer = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer, json: parsed(answer) });
      });
    };
    const agent = fake.caPem === undefined ? {} : { ca: fake.caPem };
    const request = url.startsWith("https:")
      ? httpsRequest(url, { ...options, ...agent, agent: false }, receive)
      : httpRequest(url, { ...options, agent: false }, receive);
    request.setTimeout(timeoutMs, () => request.destroy(new Error("timeout")));
    request.on("error", reject);
    request.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
