// One client for each key: the controller's own, and those of Secrets that classes name; made anew when the Secret changes (C-5, C-6).

import { createHash } from "node:crypto";

import { Secrets } from "@karpenter-multicloud/core/api";
import { isNotFound, KubeError } from "@karpenter-multicloud/core/kube";
import type { KubeReader } from "@karpenter-multicloud/core/kube";

import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import type { CloudStackSettings } from "../settings.ts";
import type { CloudStackClient } from "./cloudstack-client.ts";
import { CredentialsError } from "./credentials-error.ts";
import type { Connection } from "./http-transport.ts";
import { readApiUrl, readVerifySsl } from "./read-connection.ts";
import type { Scope } from "./scope.ts";

export interface ApiClientsParts {
  readonly kube: KubeReader;
  readonly clock: { now(): number };
  readonly settings: Pick<CloudStackSettings, "connection" | "namespace">;
  readonly make: (connection: Connection, source: string) => CloudStackClient;
}

interface Known {
  readonly fingerprint: string;
  readonly client: CloudStackClient;
  readonly readAt: number;
}

/** So long a Secret is not read again. */
const TRUST_MS = 10_000;

export class ApiClients {
  /** With the controller's key. */
  readonly own: CloudStackClient;
  readonly #parts: ApiClientsParts;
  readonly #bySource = new Map<string, Known>();

  constructor(parts: ApiClientsParts) {
    this.#parts = parts;
    this.own = parts.make(parts.settings.connection, "");
  }

  /** "" is the controller's own key. */
  sourceOf({ credentialsSecretRef: ref }: CloudStackNodeClassSpec): string {
    return ref === undefined ? "" : `${ref.namespace ?? this.#parts.settings.namespace}/${ref.name}`;
  }

  /** For a scope that has been found with this very client. @throws CredentialsError */
  of({ source }: Pick<Scope, "source">): CloudStackClient {
    const client = this.find(source);
    if (client === undefined) throw new CredentialsError("SecretNotRead", `Secret ${source} has not been read yet`);
    return client;
  }

  find(source: string): CloudStackClient | undefined {
    return source === "" ? this.own : this.#bySource.get(source)?.client;
  }

  all(): readonly CloudStackClient[] {
    return [this.own, ...[...this.#bySource.values()].map(({ client }) => client)];
  }

  /** @throws CredentialsError */
  async forClass(spec: CloudStackNodeClassSpec, signal: AbortSignal): Promise<CloudStackClient> {
    const { clock, make } = this.#parts;
    const source = this.sourceOf(spec);
    if (source === "") return this.own;
    const known = this.#bySource.get(source);
    if (known !== undefined && clock.now() - known.readAt < TRUST_MS) return known.client;
    const connection = await this.#connection(source, signal);
    const fingerprint = createHash("sha256").update(JSON.stringify(connection)).digest("hex");
    const client = known?.fingerprint === fingerprint ? known.client : make(connection, source);
    this.#bySource.set(source, { fingerprint, client, readAt: clock.now() });
    return client;
  }

  /** The address and the authorities may be left out: they are the controller's then. */
  async #connection(source: string, signal: AbortSignal): Promise<Connection> {
    const { connection } = this.#parts.settings;
    const { apiUrl, apiKey, secretKey, verifySSL, caBundle } = await this.#values(source, signal);
    const missing = [...(apiKey ? [] : ["apiKey"]), ...(secretKey ? [] : ["secretKey"])];
    if (!apiKey || !secretKey) {
      throw new CredentialsError("MissingKey", `Secret ${source} has no value for ${missing.join(" and ")}`);
    }
    try {
      const verifySsl = verifySSL === undefined ? {} : { verifySsl: readVerifySsl(verifySSL) };
      const address = apiUrl ? { verifySsl: true, ...readApiUrl(apiUrl) } : {};
      const authority = caBundle ? { caBundle } : {};
      return { ...connection, ...address, ...verifySsl, ...authority, apiKey, secretKey };
    } catch (error) {
      throw new CredentialsError("InvalidKey", `apiUrl in Secret ${source} ${(error as Error).message}`, error);
    }
  }

  async #values(source: string, signal: AbortSignal): Promise<Readonly<Record<string, string | undefined>>> {
    const [namespace = "", name = ""] = source.split("/");
    try {
      const { data = {} } = await this.#parts.kube.get(Secrets, { namespace, name }, { signal });
      const values = Object.entries(data).map(
        ([key, value]) => [key, Buffer.from(value, "base64").toString("utf8").trim()] as const,
      );
      return Object.fromEntries(values);
    } catch (error) {
      if (KubeError.is(error) && error.code === 403) {
        const fix = "name it in the chart's cloudstack.nodeClassSecrets";
        throw new CredentialsError("SecretForbidden", `Secret ${source} may not be read: ${fix}`, error);
      }
      if (!isNotFound(error)) throw error;
      const fix = `create it with kubectl create secret generic ${name} -n ${namespace} --from-literal=apiKey=… --from-literal=secretKey=…`;
      throw new CredentialsError("SecretNotFound", `Secret ${source} does not exist: ${fix}`, error);
    }
  }
}
