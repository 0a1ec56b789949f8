// User data as a cloud takes it: measured against its limit, compressed where that helps (W-40, C-73).

import { gzipSync } from "node:zlib";
import { BootstrapError } from "./bootstrap-error.ts";

export interface UserDataLimit {
  /** Of what is sent: after compression, and after base64 where the cloud wants it. */
  readonly maxBytes: number;
  readonly encoding: "text" | "base64";
  /** Only with base64: cloud-init unpacks it. */
  readonly compress: boolean;
}

export interface PackedUserData {
  /** To be sent as it is. */
  readonly body: string;
  readonly compressed: boolean;
  readonly bytes: number;
}

/** The same text gives the same body. @throws BootstrapError UserDataTooLarge with both numbers */
export function packUserData(text: string, limit: UserDataLimit): PackedUserData {
  const plain = Buffer.from(text, "utf8");
  const smaller = limit.compress && limit.encoding === "base64" ? zipped(plain) : plain;
  const compressed = smaller.length < plain.length;
  const body = limit.encoding === "base64" ? (compressed ? smaller : plain).toString("base64") : text;
  const bytes = Buffer.byteLength(body, "utf8");
  if (bytes > limit.maxBytes) {
    throw new BootstrapError("UserDataTooLarge", `user data has ${bytes} bytes and the cloud takes ${limit.maxBytes}`);
  }
  return { body, compressed, bytes };
}

/** Without time and operating system in the header. */
function zipped(plain: Buffer): Buffer {
  const zip = gzipSync(plain, { level: 9 });
  zip.fill(0, 4, 8);
  zip[9] = 255;
  return zip;
}
