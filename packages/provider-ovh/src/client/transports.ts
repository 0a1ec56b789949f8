// Which transport carries the calls of which credentials (O-1).

import { CredentialsError } from "./credentials.ts";
import type { OvhCredentials } from "./credentials.ts";
import type { Endpoint } from "./endpoints.ts";
import { NativeTransport } from "./native-transport.ts";
import { NodeOvhTransport } from "./node-ovh-transport.ts";
import type { OvhApi } from "./ovh-api.ts";

export type TransportName = "node-ovh" | "native";

export interface TransportChoice {
  /** OVH_TRANSPORT; absent: whatever can do it, node-ovh first. */
  readonly forced?: TransportName;
  /** A proxy variable is set; node-ovh would go past it. */
  readonly proxied: boolean;
  /** Hears of each difference between the API's clock and ours, in seconds. */
  readonly onTimeDelta?: (seconds: number) => void;
}

/** @throws CredentialsError when the forced transport cannot use these credentials or this endpoint */
export function transportFor(choice: TransportChoice, endpoint: Endpoint, credentials: OvhCredentials): OvhApi {
  const name = choice.forced ?? (needsNative(choice, endpoint, credentials) ? "native" : "node-ovh");
  if (name === "native") return new NativeTransport(endpoint, credentials, choice);
  const fix = "leave OVH_TRANSPORT out or set it to native";
  if (credentials.kind !== "application-keys")
    throw new CredentialsError("UnsupportedCredential", `node-ovh is not used with OAuth2 credentials: ${fix}`);
  if (endpoint.protocol !== "https:")
    throw new CredentialsError("UnsupportedCredential", `node-ovh speaks https only, not ${endpoint.name}: ${fix}`);
  return new NodeOvhTransport(endpoint, credentials, choice.onTimeDelta);
}

function needsNative({ proxied }: TransportChoice, { protocol }: Endpoint, { kind }: OvhCredentials): boolean {
  return proxied || protocol !== "https:" || kind !== "application-keys";
}
