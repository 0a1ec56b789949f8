// One plain request to the API server, for the launcher itself: its own product's client is what the tests are about.

import { request } from "node:https";

export interface ApiEndpoint {
  readonly url: string;
  readonly ca: Buffer;
  readonly token: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 60_000;

export function apiRequest(
  endpoint: ApiEndpoint,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<ApiAnswer> {
  const headers = { authorization: `Bearer ${endpoint.token}`, "content-type": "application/json" };
  const options = { method, headers, ca: endpoint.ca, agent: false, timeout: TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, endpoint.url), options, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () => {
        resolve({ status: answer.statusCode ?? 0, text });
      });
    });
    outgoing.on("timeout", () => {
      outgoing.destroy(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS / 1000} s`));
    });
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Only how the answer begins; its body is not waited for. */
export function answerStatus(endpoint: ApiEndpoint, path: string): Promise<number> {
  const headers = { authorization: `Bearer ${endpoint.token}` };
  const options = { headers, ca: endpoint.ca, agent: false, timeout: TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, endpoint.url), options, (answer) => {
      answer.on("error", () => undefined);
      resolve(answer.statusCode ?? 0);
      outgoing.destroy();
    });
    outgoing.on("timeout", () => {
      outgoing.destroy(new Error(`GET ${path}: no answer within ${TIMEOUT_MS / 1000} s`));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}
