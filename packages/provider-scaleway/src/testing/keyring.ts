// Who may call: API keys with their secret and the rights they lack.

import { deniedAuthentication, permissionsDenied } from "./api-error.ts";

/** What writing there needs a right to; reading everything is allowed to any valid key. */
export type Resource = "instance" | "volume" | "network" | "kubernetes";

export interface SeedKey {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Only GET. */
  readonly readOnly?: boolean;
  /** What it may not write ("volume": InstancesFullAccess without BlockStorageFullAccess, §1.6). */
  readonly mayNotWrite?: readonly Resource[];
  /** Zones it cannot see at all. */
  readonly hiddenZones?: readonly string[];
}

export interface Caller {
  readonly kind: "none" | "key";
  readonly key: SeedKey | undefined;
}

export const NOBODY: Caller = { kind: "none", key: undefined };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class Keyring {
  readonly #keys: readonly SeedKey[];
  readonly #revoked = new Set<string>();

  constructor(keys: readonly SeedKey[]) {
    this.#keys = keys;
  }

  keys(): readonly SeedKey[] {
    return this.#keys;
  }

  revoke(accessKey: string): void {
    this.#revoked.add(accessKey);
  }

  restore(accessKey: string): void {
    this.#revoked.delete(accessKey);
  }

  /** By X-Auth-Token, or the X-Session-Token of consoles. @throws 401 denied_authentication */
  callerOf(headers: Readonly<Record<string, string | undefined>>): Caller {
    const token = headers["x-auth-token"] ?? headers["x-session-token"];
    if (token === undefined || token === "") throw deniedAuthentication("invalid_argument");
    if (!UUID.test(token)) throw deniedAuthentication("invalid_argument");
    const key = this.#keys.find(({ secretKey }) => secretKey === token);
    if (key === undefined) throw deniedAuthentication("not_found");
    if (this.#revoked.has(key.accessKey)) throw deniedAuthentication("expired");
    return { kind: "key", key };
  }
}

/** @throws 403 permissions_denied */
export function checkRights({ key }: Caller, writes: Resource | undefined, zone: string | undefined): void {
  if (key === undefined) return;
  if (zone !== undefined && key.hiddenZones?.includes(zone)) throw permissionsDenied("read", "instance");
  if (writes === undefined) return;
  if (key.readOnly === true) throw permissionsDenied("write", writes);
  if (!mayWrite({ kind: "key", key }, writes)) throw permissionsDenied("write", writes);
}

export function mayWrite({ key }: Caller, resource: Resource): boolean {
  return key?.mayNotWrite?.includes(resource) !== true;
}
