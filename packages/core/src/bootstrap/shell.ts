// Text into shell scripts: quoted so that it stays one word whatever it holds.

import { BootstrapError } from "./bootstrap-error.ts";

/** @throws BootstrapError for a zero byte, which no shell can hold */
export function shellQuote(text: string): string {
  if (text.includes("\0")) throw new BootstrapError("InvalidUserData", "a zero byte cannot stand in a shell script");
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
