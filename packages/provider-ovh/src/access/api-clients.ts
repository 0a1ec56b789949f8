// One guarded client per credentials: made when first needed, replaced when the Secret changes (O-60).

import { createHash } from "node:crypto";

import { isNotFound } from "@karpenter-multicloud/core/kube";
import type { KubeReader } from "@karpenter-multicloud/core/kube";
import { Secrets } from "@karpenter-multicloud/core/api";
import type { Secret } from "@karpenter-multicloud/core/api";

import type { OVHNodeClassSpec } from "../api/ovh-node-class.ts";
import { kindOf } from "../client/failure-kind.ts";
import { isObject } from "../client/wire.ts";
import { CredentialsError, readCredentials } from "../client/credentials.ts";
import type { OvhCredentials } from "../client/credentials.ts";
import { parseEndpoint } from "../client/endpoints.ts";
import type { Endpoint, Shop } from "../client/endpoints.ts";
import { GuardedApi } from "../client/guarded-api.ts";
import type { GuardPorts } from "../client/guarded-api.ts";
import type { OvhApi } from "../client/ovh-api.ts";
import type { OvhSettings } from "../settings.ts";
import { readAccessRules } from "./needed-rights.ts";
import type { AccessRule } from "./needed-rights.ts";

export type MakeTransport = (endpoint: Endpoint, credentials: OvhCredentials) => OvhApi;

export interface ApiClient {
  readonly api: OvhApi;
  readonly endpoint: Endpoint;
  readonly subsidiary: string;
  /** Optional calls this consumer key may not make; asked for once only. */
  readonly denied: Set<string>;
  /** Whose price list applies: as said, else the account's own, else the endpoint's. */
  readonly shop: (signal: AbortSignal) => Promise<Shop>;
  /** What its consumer key may do; undefined where that cannot be known. It is fixed for the life of a key, so asked for once. */
  readonly accessRules: (signal: AbortSignal) => Promise<readonly AccessRule[] | undefined>;
  /** What to do about writes that were refused lately for lack of rights. */
  readonly deniedWrites: () => readonly string[];
}

export interface ApiClientPorts extends GuardPorts {
  readonly kube: KubeReader;
}

interface Known {
  readonly fingerprint: string;
  readonly client: ApiClient;
}

export class ApiClients {
  readonly #ports: ApiClientPorts;
  readonly #settings: OvhSettings;
  readonly #makeTransport: MakeTransport;
  readonly #bySource = new Map<string, Known>();

  constructor(ports: ApiClientPorts, settings: OvhSettings, makeTransport: MakeTransport) {
    this.#ports = ports;
    this.#settings = settings;
    this.#makeTransport = makeTransport;
  }

  /** The client of the last read, without another: for calls that may not ask the API server. */
  lastFor(spec: OVHNodeClassSpec): ApiClient | undefined {
    return this.#bySource.get(sourceOf(spec, this.#settings))?.client;
  }

  /** Reads the Secret each time, so that the first call after a rotation already uses the new key. @throws CredentialsError */
  async forSpec(spec: OVHNodeClassSpec, signal: AbortSignal): Promise<ApiClient> {
    const { source, credentials } = await this.#credentials(spec, signal);
    const endpoint = parseEndpoint(spec.endpoint ?? credentials.endpoint ?? this.#settings.endpoint);
    const fingerprint = fingerprintOf(credentials, endpoint);
    const known = this.#bySource.get(source);
    if (known?.fingerprint === fingerprint) return known.client;
    const api = new GuardedApi(this.#makeTransport(endpoint, credentials), this.#settings.pace, this.#ports);
    const said = this.#settings.subsidiary ?? credentials.subsidiary;
    const client: ApiClient = {
      api,
      endpoint,
      subsidiary: said ?? endpoint.subsidiary,
      shop: said === undefined ? shopOf(api, endpoint) : () => Promise.resolve({ endpoint, subsidiary: said }),
      denied: new Set(),
      accessRules: credentials.kind === "application-keys" ? onceRead(api) : () => Promise.resolve(undefined),
      deniedWrites: () => api.deniedWrites(),
    };
    this.#bySource.set(source, { fingerprint, client });
    return client;
  }

  async #credentials(
    spec: OVHNodeClassSpec,
    signal: AbortSignal,
  ): Promise<{ source: string; credentials: OvhCredentials }> {
    const ref = spec.credentialsSecretRef;
    if (ref === undefined) {
      const { credentials } = this.#settings;
      if (credentials) return { source: sourceOf(spec, this.#settings), credentials };
      throw new CredentialsError(
        "SecretNotFound",
        "no credentials: set credentialsSecretRef in the OVHNodeClass, or OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY (or OVH_CLIENT_ID and OVH_CLIENT_SECRET) for the controller",
      );
    }
    const namespace = ref.namespace ?? this.#settings.namespace;
    const name = `Secret ${namespace}/${ref.name}`;
    const secret = await this.#secret(namespace, ref.name, signal);
    const credentials = readCredentials(valuesOf(secret), name);
    if (credentials) return { source: sourceOf(spec, this.#settings), credentials };
    throw new CredentialsError(
      "MissingKey",
      `${name} has no value for applicationKey, applicationSecret, consumerKey, nor for clientId, clientSecret`,
    );
  }

  async #secret(namespace: string, name: string, signal: AbortSignal): Promise<Secret> {
    try {
      return await this.#ports.kube.get(Secrets, { namespace, name }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new CredentialsError(
        "SecretNotFound",
        `Secret ${namespace}/${name} does not exist: create it with kubectl create secret generic ${name} -n ${namespace} --from-literal=applicationKey=… --from-literal=applicationSecret=… --from-literal=consumerKey=…`,
        { cause: error },
      );
    }
  }
}

/** O-35: outside the minimum of rights, so a refusal is an answer as well. */
function shopOf(api: OvhApi, endpoint: Endpoint): ApiClient["shop"] {
  let known: Shop | undefined;
  const ofEndpoint: Shop = { endpoint, subsidiary: endpoint.subsidiary };
  return async (signal) => {
    if (known !== undefined) return known;
    try {
      const { data } = await api.call("GET", { path: "/me", route: "/me", signal });
      const subsidiary = isObject(data) ? data["ovhSubsidiary"] : undefined;
      known = typeof subsidiary === "string" && subsidiary !== "" ? { endpoint, subsidiary } : ofEndpoint;
    } catch (error) {
      signal.throwIfAborted();
      if (kindOf(error) !== "permission") return ofEndpoint;
      known = ofEndpoint;
    }
    return known;
  };
}

/** A failed try is no answer: the next one asks again. */
function onceRead(api: OvhApi): ApiClient["accessRules"] {
  let known: { readonly rules: readonly AccessRule[] | undefined } | undefined;
  return async (signal) => (known ??= { rules: await readAccessRules(api, signal) }).rules;
}

/** Where the credentials of a class come from, and for which endpoint. */
function sourceOf({ credentialsSecretRef: ref, endpoint = "" }: OVHNodeClassSpec, { namespace }: OvhSettings): string {
  return ref === undefined ? `environment ${endpoint}` : `Secret ${ref.namespace ?? namespace}/${ref.name} ${endpoint}`;
}

function valuesOf(secret: Secret): Readonly<Record<string, string>> {
  const stored = Object.entries(secret.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")] as const,
  );
  return { ...Object.fromEntries(stored), ...secret.stringData };
}

function fingerprintOf(credentials: OvhCredentials, endpoint: Endpoint): string {
  return createHash("sha256")
    .update(JSON.stringify([endpoint.name, credentials]))
    .digest("hex");
}
