// Does a signature fit a request? Clients disagree on the URL they sign, so each acceptable one is tried (F-3).

import { createHash, timingSafeEqual } from "node:crypto";

export interface SignedRequest {
  readonly applicationSecret: string;
  readonly consumerKey: string;
  readonly method: string;
  /** As received: bytes, order and encoding untouched. */
  readonly body: Buffer;
  readonly timestamp: string;
}

/** "$1$" and the hex SHA-1 of the six parts joined with "+". */
export function signature(request: SignedRequest, url: string): string {
  const { applicationSecret, consumerKey, method, body, timestamp } = request;
  const hash = createHash("sha1").update(`${applicationSecret}+${consumerKey}+${method}+${url}+`);
  return `$1$${hash.update(body).update(`+${timestamp}`).digest("hex")}`;
}

/** Scheme and port may be missing from, or differ in, what the client signed. `target` = path and query as received. */
export function acceptableUrls(host: string, target: string, publicUrl?: string): string[] {
  const hosts = [...new Set([host, host.replace(/:\d+$/, "")])];
  const origins = hosts.flatMap((name) => [`https://${name}`, `http://${name}`]);
  const configured = publicUrl === undefined ? [] : [publicUrl.replace(/\/$/, "")];
  return [...origins, ...configured].map((origin) => origin + target);
}

export function isSignedFor(request: SignedRequest, given: string, urls: readonly string[]): boolean {
  return urls.some((url) => sameText(signature(request, url), given));
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
