// Which operation does a path mean? Segments are cut before they are decoded, so that an encoded slash never reaches another route (T-78).

import type { Answer } from "./api-error.ts";
import { ApiError } from "./api-error.ts";
import type { Caller } from "./auth.ts";
import type { Backend } from "./backend.ts";

export interface Call {
  readonly backend: Backend;
  readonly method: string;
  /** Without base path and query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The parsed JSON; undefined without a body. */
  readonly body: unknown;
  readonly caller: Caller;
  /** Scheme, host and port the client used. */
  readonly origin: string;
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

/** An answer that is not simply JSON with status 200. */
export class Reply {
  readonly answer: Answer;

  constructor(answer: Answer) {
    this.answer = answer;
  }
}

export interface Matched {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
}

export class Router {
  readonly #routes: readonly Compiled[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, segments: segmentsOf(route.path) }));
  }

  /** Throws 404 for an unknown path and 405 for a known one with another method. */
  match(method: string, path: string): Matched {
    const given = segmentsOf(path);
    const onPath = this.#routes.flatMap(({ route, segments }) => {
      const params = bind(segments, given);
      return params === undefined ? [] : [{ route, params }];
    });
    const matched = onPath.find(({ route }) => route.method === method);
    if (matched !== undefined) return matched;
    if (onPath.length === 0) throw new ApiError(404, `Got an invalid (or empty) URL: ${path}`);
    throw new ApiError(405, `${method} is not allowed here`);
  }
}

/** The path below /1.0 or /v1; /v2 stays in front, since other routes live there. Undefined = outside of the API. */
export function apiPath(path: string): string | undefined {
  const [, base, rest = ""] = /^(\/1\.0|\/v1|\/v2)(\/.*)?$/.exec(path) ?? [];
  if (base === undefined) return undefined;
  return base === "/v2" ? path : rest === "" ? "/" : rest;
}

function segmentsOf(path: string): string[] {
  return path.split("/").slice(1);
}

function bind(template: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (template.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const text = decoded(given[index] ?? "");
    if (text === undefined) return undefined;
    if (part.startsWith("{")) {
      if (text === "") return undefined;
      params[part.slice(1, -1)] = text;
    } else if (part !== text) return undefined;
  }
  return params;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
