// Builds request paths from a route and its ids, so that no id can leave its segment (T-68, T-78).

export interface Path {
  readonly path: string;
  readonly route: string;
}

/** `{name}` in the route is replaced by the encoded value. Throws on a value that is empty, a dot segment or holds control characters. */
export function pathOf(route: string, values: Readonly<Record<string, string>>): Path {
  const path = route.replace(/\{(\w+)\}/g, (_, name: string) => encodeSegment(name, values[name] ?? ""));
  return { path, route };
}

function encodeSegment(name: string, value: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (value === "" || value === "." || value === ".." || /[\u0000-\u001f\u007f]/.test(value)) {
    throw new Error(`${name} ${JSON.stringify(value)} cannot be part of an API path`);
  }
  return encodeURIComponent(value);
}
