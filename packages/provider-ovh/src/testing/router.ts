// Which operation of OVHcloud's API does a path mean?

import { PathTable, type PathCall, type PathMatch } from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError } from "./api-error.ts";
import type { Caller } from "./auth.ts";
import type { Backend } from "./backend.ts";

export interface Call extends PathCall {
  readonly backend: Backend;
  readonly caller: Caller;
}

export interface Route {
  /** Stable name, for faults and the request log. */
  readonly operation: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `{name}` stands for one segment. */
  readonly path: string;
  /** "open": nobody is asked; "known": any valid caller; "ruled": the caller's rules and policies apply as well. */
  readonly access: "open" | "known" | "ruled";
  readonly iamAction?: string;
  /** What is returned becomes the JSON of a 200; nothing returned = an empty answer. */
  readonly handle: (call: Call) => unknown;
}

export class Router {
  readonly #table: PathTable<Route>;

  constructor(routes: readonly Route[]) {
    this.#table = new PathTable(routes);
  }

  /** Throws 404 for an unknown path and 405 for a known one with another method. */
  match(method: string, path: string): Matched {
    const matched = this.#table.match(method, path);
    if (matched === "no-path") throw new ApiError(404, `Got an invalid (or empty) URL: ${path}`);
    if (matched === "no-method") throw new ApiError(405, `${method} is not allowed here`);
    return matched;
  }
}

export type Matched = PathMatch<Route>;

/** The path below /1.0 or /v1; /v2 stays in front, since other routes live there. Undefined = outside of the API. */
export function apiPath(path: string): string | undefined {
  const [, base, rest = ""] = /^(\/1\.0|\/v1|\/v2)(\/.*)?$/.exec(path) ?? [];
  if (base === undefined) return undefined;
  return base === "/v2" ? path : rest === "" ? "/" : rest;
}
