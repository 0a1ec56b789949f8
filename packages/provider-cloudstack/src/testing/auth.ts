// Who calls, and whether the signature proves it: as the server computes it, byte by byte (§1.2). Written apart from the client's own.

import { createHmac, timingSafeEqual } from "node:crypto";
import { wallMs } from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError, unverified } from "./api-error.ts";
import type { Params } from "./params.ts";
import type { SeedRow } from "./seed/seed-row.ts";
import type { Switches } from "./switches.ts";

export interface Caller {
  readonly account: string;
  readonly domain: string;
  readonly domainId: string;
  readonly domainPath: string;
  readonly accountId: string;
  /** The short number that stands in messages. */
  readonly number: number;
  readonly userId: string;
  /** 0 user, 1 root administrator, 2 administrator of a domain. */
  readonly type: number;
  readonly readOnly: boolean;
}

export interface SeedUser {
  readonly caller: Caller;
  readonly apiKey: string;
  readonly secretKey: string;
  readonly username: string;
  readonly enabled: boolean;
}

const LONGEST_AHEAD_MS = 15 * 60_000;

export function usersOf(accounts: readonly SeedRow[]): readonly SeedUser[] {
  return accounts.map((row, index) => {
    const user = (row["user"] ?? {}) as Readonly<Record<string, string>>;
    return {
      caller: {
        account: String(row.name),
        accountId: String(row.id),
        number: index + 2,
        domain: String(row["domain"]),
        domainId: String(row["domainid"]),
        domainPath: String(row["domainpath"]),
        userId: user["id"] ?? "",
        type: Number(row["accounttype"]),
        readOnly: String(row["rolename"]).startsWith("Read-Only"),
      },
      apiKey: user["apikey"] ?? "",
      secretKey: user["secretkey"] ?? "",
      username: user["username"] ?? "",
      enabled: row["state"] === "enabled",
    };
  });
}

/** @throws ApiError 401 for every cause alike, 405 where a POST is wanted */
export function authenticate(
  params: Params,
  method: string,
  users: readonly SeedUser[],
  switches: Readonly<Switches>,
): Caller {
  const user = users.find(({ apiKey }) => apiKey === params.text("apikey"));
  if (user === undefined || !user.enabled) throw unverified();
  const given = Buffer.from(params.text("signature") ?? "", "base64");
  const own = createHmac("sha1", user.secretKey).update(toSign(params, switches.lenientTilde)).digest();
  if (given.length !== own.length || !timingSafeEqual(given, own)) throw unverified();
  checkExpiry(params, switches);
  if (switches.enforcePost && method !== "POST" && !/^(?:list|get|query)/.test(params.command)) {
    throw new ApiError(405, "State changing commands are only allowed by POST", 9999);
  }
  return user.caller;
}

function checkExpiry(params: Params, { enforcePost, clockAheadMs }: Readonly<Switches>): void {
  const isVersion3 = params.text("signatureversion") === "3";
  if (enforcePost && !isVersion3) throw unverified();
  if (!isVersion3) return;
  const text = params.text("expires") ?? "";
  const expires = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  const now = wallMs() + clockAheadMs;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) || Number.isNaN(expires) || expires < now) throw unverified();
  if (enforcePost && expires > now + LONGEST_AHEAD_MS) throw unverified();
}

/** Sorted by code unit, names as they are, values as Java encodes them, everything in lower case. */
function toSign({ raw }: Params, lenientTilde: boolean): string {
  const entries = [...raw].filter(([name]) => name.toLowerCase() !== "signature");
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries
    .map(([name, value]) => `${name}=${javaEncoded(value, lenientTilde)}`)
    .join("&")
    .toLowerCase();
}

function javaEncoded(value: string, lenientTilde: boolean): string {
  let text = "";
  for (const byte of Buffer.from(value, "utf8")) {
    const char = String.fromCharCode(byte);
    const stays = byte < 128 && (/[A-Za-z0-9_.*-]/.test(char) || (lenientTilde && char === "~"));
    text += stays ? char : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return text;
}
