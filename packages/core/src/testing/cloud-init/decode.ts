// The bytes a cloud hands to a machine, as text: gzip and base64 taken off as cloud-init does.

import { gunzipSync } from "node:zlib";

/** @throws Error when it is compressed and broken */
export function decodeUserData(data: string | Uint8Array): string {
  const bytes = typeof data === "string" ? fromText(data) : Buffer.from(data);
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** Base64 is what a cloud may keep; no user data that means something is base64 by itself. */
function fromText(text: string): Buffer {
  const isBase64 = text.length >= 8 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  return Buffer.from(text, isBase64 ? "base64" : "utf8");
}
