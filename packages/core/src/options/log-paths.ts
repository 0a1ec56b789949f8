// Where the log goes, as users write it: names of streams and of files, separated by commas.

import { FlagValueError } from "./flag.ts";

const FIX = "name stdout, stderr or files, separated by commas";

/** In the order they were given, each once; files without a scheme. */
export function parseLogPaths(value: string): readonly string[] {
  const paths = value.split(",").flatMap((path) => parsePath(path.trim()));
  if (paths.length === 0) throw new FlagValueError("it names nothing", FIX, false);
  return [...new Set(paths)];
}

function parsePath(path: string): readonly string[] {
  if (path === "") return [];
  const [, scheme, rest = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(path) ?? [];
  if (scheme === undefined) return [path];
  // file:///var/log/x is the file /var/log/x, as in Karpenter; other hosts and other schemes are not places to write to.
  if (scheme.toLowerCase() === "file" && rest.startsWith("/")) return [rest];
  throw new FlagValueError(`${path} is not a file of this machine`, FIX, false);
}
