// Which route does a path mean? Segments are cut before they are decoded, so that an encoded slash never reaches another route (T-78).

/** `path`: `{name}` stands for one segment. */
export interface PathRoute {
  readonly method: string;
  readonly path: string;
}

export interface PathMatch<Route> {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** A request as the handler of its route sees it. */
export interface PathCall {
  readonly method: string;
  /** Below the API's base, without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The parsed JSON; undefined without a body. */
  readonly body: unknown;
  /** Scheme, host and port the client used. */
  readonly origin: string;
}

interface Compiled<Route> {
  readonly route: Route;
  readonly segments: readonly string[];
}

export class PathTable<Route extends PathRoute> {
  readonly #routes: readonly Compiled<Route>[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, segments: segmentsOf(route.path) }));
  }

  /** Otherwise what is missing: the path, or only the method on it. */
  match(method: string, path: string): PathMatch<Route> | "no-path" | "no-method" {
    const given = segmentsOf(path);
    const onPath = this.#routes.flatMap(({ route, segments }) => {
      const params = bind(segments, given);
      return params === undefined ? [] : [{ route, params }];
    });
    const matched = onPath.find(({ route }) => route.method === method);
    return matched ?? (onPath.length === 0 ? "no-path" : "no-method");
  }
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
