// Which operation of Scaleway's APIs does a path mean (W-70)?

import { PathTable } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Answer, PathCall, PathMatch, RequestFacts } from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError, notFound } from "./api-error.ts";
import type { Backend } from "./backend.ts";
import type { Caller, Resource } from "./keyring.ts";

export interface Call extends PathCall {
  readonly backend: Backend;
  readonly raw: Buffer;
  readonly caller: Caller;
  /** For faults on machines that this call starts. */
  readonly facts: RequestFacts;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Route {
  /** Stable name, for faults and the request log. */
  readonly operation: string;
  readonly method: Method;
  readonly path: string;
  readonly access: "open" | "keyed";
  readonly writes: Resource | undefined;
  /** What is returned becomes the JSON of a 200; a Reply goes out as it is; nothing = 204. */
  readonly handle: (call: Call) => unknown;
}

export type Matched = PathMatch<Route>;

export class Router {
  readonly #table: PathTable<Route>;

  constructor(routes: readonly Route[]) {
    this.#table = new PathTable(routes);
  }

  /** Throws 404 for an unknown path and 405 for a known one with another method (W-70). */
  match(method: string, path: string): Matched {
    const matched = this.#table.match(method, path);
    if (matched === "no-path") throw notFound("path", path);
    if (matched === "no-method") throw new ApiError(405, { type: "method_not_allowed", message: "method not allowed" });
    return matched;
  }
}

/** Short for a table of routes: what is written there needs the right to `resource`. */
export function routesOf(
  resource: Resource,
  rows: readonly (readonly [string, Method, string, Route["handle"]])[],
): readonly Route[] {
  return rows.map(([operation, method, path, handle]) => ({
    operation,
    method,
    path,
    access: "keyed",
    writes: method === "GET" ? undefined : resource,
    handle,
  }));
}

export function emptyAnswer(): Answer {
  return { status: 204 };
}
