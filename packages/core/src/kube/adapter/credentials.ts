// Which server to talk to and as whom: kubeconfig files and service accounts through @kubernetes/client-node, kept fresh (RT-23).

import { createHash } from "node:crypto";
import type http from "node:http";
import type https from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import type { Clock, EpochMs } from "../../runtime/index.ts";

export interface ConfigSource {
  /** A kubeconfig file. @defaultValue KUBECONFIG, ~/.kube/config, then the pod's service account */
  readonly kubeconfig?: string;
  /** @defaultValue the file's current context */
  readonly context?: string;
}

/** Everything that one request needs to know about the server and the user. */
export interface Connection {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** user:password */
  readonly auth?: string;
  readonly tls: Pick<https.AgentOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;
  readonly proxyAgent?: http.Agent;
  /** Changes when connections made before must not be used any more. */
  readonly transportId: string;
}

/** Rotated tokens and authorities are noticed within this time; RT-23 allows 60 s. */
const FRESH_MS = 30_000;
/** A server that refuses every token must not make us start a plug-in for every request. */
const RENEWAL_PAUSE_MS = 2_000;

export class Credentials {
  readonly #source: ConfigSource;
  readonly #clock: Clock;
  #config: KubeConfig;
  #connection: Promise<Connection> | undefined;
  #readAt: EpochMs = 0;
  #renewedAt: EpochMs = Number.NEGATIVE_INFINITY;

  /** @throws Error when there is no cluster to talk to */
  constructor(source: ConfigSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#config = loadConfig(source);
  }

  /** The credentials as they are now, at most 30 s old. */
  current(): Promise<Connection> {
    const now = this.#clock.now();
    if (this.#connection === undefined || now - this.#readAt >= FRESH_MS) {
      this.#readAt = now;
      if (this.#connection !== undefined && !hasPlugin(this.#config)) this.#config = loadConfig(this.#source);
      this.#connection = this.#forgetOnError(toConnection(this.#config));
    }
    return this.#connection;
  }

  /** After a 401: whatever was remembered is read anew, a plug-in's token included. Requests refused together renew once. */
  renew(): Promise<Connection> {
    const now = this.#clock.now();
    if (this.#connection !== undefined && now - this.#renewedAt < RENEWAL_PAUSE_MS) return this.#connection;
    this.#renewedAt = now;
    this.#readAt = now;
    this.#config = loadConfig(this.#source);
    this.#connection = this.#forgetOnError(toConnection(this.#config));
    return this.#connection;
  }

  #forgetOnError(connection: Promise<Connection>): Promise<Connection> {
    connection.catch(() => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    return connection;
  }
}

function loadConfig({ kubeconfig, context }: ConfigSource): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  const where = kubeconfig ?? "KUBECONFIG, ~/.kube/config and the pod's service account";
  if (!cluster)
    throw new Error(`no cluster in ${where}: context ${JSON.stringify(config.getCurrentContext())} is unknown`);
  if (isFallback(config)) throw new Error(`no cluster: ${where} do not exist`);
  return config;
}

/** What client-node makes up when it finds nothing. */
function isFallback(config: KubeConfig): boolean {
  return config.getCurrentContext() === "loaded-context" && config.getCurrentUser()?.name === "user";
}

/** Plug-ins keep their own token until it expires; asking them every 30 s would start a process each time. */
function hasPlugin(config: KubeConfig): boolean {
  const user = config.getCurrentUser();
  return user?.exec != null || (user?.authProvider != null && user.authProvider.config?.tokenFile === undefined);
}

async function toConnection(config: KubeConfig): Promise<Connection> {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error("no cluster is configured");
  const url = new URL(cluster.server);
  const options: https.RequestOptions = {};
  if (url.protocol === "http:" && isLoopback(url.hostname)) {
    // A local proxy, as `kubectl proxy`: nothing to verify, and client-node would refuse it.
    return { url, headers: {}, tls: {}, transportId: url.origin };
  }
  await config.applyToHTTPSOptions(options);
  const tls = tlsOptions(options);
  return {
    url,
    headers: trimmedHeaders(options.headers),
    ...(typeof options.auth === "string" ? { auth: options.auth } : {}),
    tls,
    ...(cluster.proxyUrl && options.agent ? { proxyAgent: options.agent as http.Agent } : {}),
    transportId: transportId(url, cluster.proxyUrl, tls),
  };
}

/** Headers may change on a living connection; what it was opened with may not. */
function transportId(url: URL, proxyUrl: string | undefined, tls: Connection["tls"]): string {
  const hash = createHash("sha256").update(JSON.stringify([url.origin, proxyUrl, tls.servername]));
  for (const part of [tls.ca, tls.cert, tls.key]) {
    hash.update("\0");
    if (typeof part === "string" || Buffer.isBuffer(part)) hash.update(part);
  }
  return hash.digest("hex");
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function tlsOptions(options: https.RequestOptions): Connection["tls"] {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return {
    ...(ca == null ? {} : { ca }),
    ...(cert == null ? {} : { cert }),
    ...(key == null ? {} : { key }),
    ...(servername == null ? {} : { servername }),
    ...(rejectUnauthorized == null ? {} : { rejectUnauthorized }),
  };
}

/** A token file ends with a newline as often as not; a header must not. */
function trimmedHeaders(headers: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries((headers ?? {}) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value).trim()]));
}
