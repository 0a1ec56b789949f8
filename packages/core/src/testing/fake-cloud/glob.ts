// Does a path match a pattern? As in the access rules of a consumer key, `*` stands for anything, slashes included.

export function matchesGlob(pattern: string, path: string): boolean {
  const source = pattern
    .split(/(\*|\{[^/{}]*\})/)
    .map((part) => (part === "*" ? ".*" : part.startsWith("{") ? "[^/]+" : escapeRegExp(part)))
    .join("");
  return new RegExp(`^${source}$`).test(path);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
