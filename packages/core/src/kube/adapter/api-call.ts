// One request to the API server, as its senders write it.

import type { Resource } from "../../api/index.ts";
import type { HttpRequest } from "./http-transport.ts";

export interface ApiCall {
  /** Names the request in errors: "get pods a/b". */
  readonly what: string;
  readonly resource: Resource;
  /** @defaultValue none: the object itself, or all of them */
  readonly subresource?: string;
  readonly method: HttpRequest["method"];
  /** With query. */
  readonly path: string;
  readonly body?: unknown;
  /** @defaultValue application/json */
  readonly contentType?: string;
  readonly signal: AbortSignal | undefined;
}
