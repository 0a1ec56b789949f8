// Which version of the product this is.

import { readFileSync } from "node:fs";

/** The same path from the source and from the built folder. */
const PACKAGE = new URL("../package.json", import.meta.url);

export function productVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { readonly version: string };
  return version;
}
