// One HTTP exchange as text, through axios: whatever the status, no redirect, no secret in what is thrown.

import { AxiosError } from "axios";
import axios from "axios";

export interface PlainRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

const LARGEST_ANSWER = 64 * 1024 * 1024;

/** Through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. A redirect is an answer like others: credentials never follow it. */
export async function exchange({ method, url, headers, body, signal }: PlainRequest): Promise<PlainAnswer> {
  try {
    const answer = await axios.request<string>({
      method,
      url,
      headers,
      ...(body === undefined ? {} : { data: body }),
      signal,
      maxRedirects: 0,
      maxContentLength: LARGEST_ANSWER,
      responseType: "text",
      transformRequest: [(data: unknown) => data],
      transformResponse: (text: string) => text,
      validateStatus: () => true,
    });
    return { status: answer.status, headers: plainHeaders(answer.headers), text: answer.data ?? "" };
  } catch (error) {
    signal.throwIfAborted();
    throw withoutRequest(error);
  }
}

function plainHeaders(headers: object): PlainAnswer["headers"] {
  return { ...headers };
}

/** What axios throws carries the request with all its headers; only the network's own error is handed on. */
function withoutRequest(error: unknown): Error {
  if (!(error instanceof AxiosError)) return error instanceof Error ? error : new Error(String(error));
  const { cause } = error;
  if (cause instanceof Error && !(cause instanceof AxiosError)) return cause;
  const plain = new Error(error.message);
  return error.code === undefined ? plain : Object.assign(plain, { code: error.code });
}
