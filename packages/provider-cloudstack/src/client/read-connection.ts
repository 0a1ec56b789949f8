// How the address of an API and the wish to verify its certificate are written (C-90).

import type { Connection } from "./http-transport.ts";

/** Without a path the server itself tells where its API is. @throws Error saying what is wrong with the text */
export function readApiUrl(text: string): Pick<Connection, "url" | "isBare"> {
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error("is not an http or https address");
  if (url.search !== "") throw new Error("must not hold a query");
  return url.pathname === "/" ? { url: url.origin, isBare: true } : { url: text.replace(/\/+$/, ""), isBare: false };
}

/** Only these words turn it off. */
export function readVerifySsl(text: string): boolean {
  return !/^(?:false|0|no|off)$/i.test(text.trim());
}
