// The signature of a request made with application keys (§2.1).

import { createHash } from "node:crypto";

export interface SignedParts {
  readonly applicationSecret: string;
  readonly consumerKey: string;
  readonly method: string;
  /** Whole, with the query as it is sent. */
  readonly url: string;
  /** As it is sent; empty without body. */
  readonly body: string;
  /** Seconds, by the API's clock. */
  readonly timestamp: number;
}

export function signatureOf(parts: SignedParts): string {
  const { applicationSecret, consumerKey, method, url, body, timestamp } = parts;
  const text = [applicationSecret, consumerKey, method, url, body, timestamp].join("+");
  return `$1$${createHash("sha1").update(text).digest("hex")}`;
}
