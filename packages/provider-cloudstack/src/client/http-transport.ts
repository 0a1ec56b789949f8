// Carries commands over HTTP: signs them with the server's idea of the time, reads by GET, writes by POST, and hides nothing of what fails.

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { getCACertificates } from "node:tls";
import { create as createHttpClient, type AxiosInstance, type AxiosResponse } from "axios";
import { payloadOf, type HttpAnswer } from "./answer.ts";
import { CloudStackError, isRead, type ApiRequest, type CloudStackApi, type Payload } from "./cloudstack-api.ts";
import { flatten } from "./parameters.ts";
import { sign, toQuery } from "./signature.ts";

export interface Connection {
  /** The whole address: https://host/client/api. */
  readonly url: string;
  /** Only scheme and host were given: where the API is shows in the first answer (C-90). */
  readonly isBare?: boolean;
  readonly apiKey: string;
  readonly secretKey: string;
  /** False accepts any certificate, for this client only (C-90). */
  readonly verifySsl: boolean;
  /** PEM; trusted besides the public authorities. */
  readonly caBundle?: string;
  readonly timeoutMs: number;
  readonly method: "auto" | "get" | "post";
}

const EXPIRES_MS = 10 * 60_000;
const LARGEST_SKEW_MS = 60_000;
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

export interface TransportNotices {
  /** The server's clock differs. */
  readonly onSkew?: (skewMs: number) => void;
  /** The API was found below the address that was given. */
  readonly onPath?: (url: string) => void;
}

const USUAL_PATH = "/client/api";

export class HttpTransport implements CloudStackApi {
  readonly #connection: Connection;
  #url: string;
  readonly #http: AxiosInstance;
  /** Commands that this server takes by POST only (405). */
  readonly #postOnly = new Set<string>();
  readonly #notices: TransportNotices;
  #skewMs = 0;

  constructor(connection: Connection, notices: TransportNotices = {}) {
    this.#connection = connection;
    this.#url = connection.url;
    this.#notices = notices;
    const { verifySsl, caBundle, timeoutMs } = connection;
    this.#http = createHttpClient({
      timeout: timeoutMs,
      httpAgent: new HttpAgent({ keepAlive: true }),
      httpsAgent: new HttpsAgent({
        keepAlive: true,
        rejectUnauthorized: verifySsl,
        ...(caBundle === undefined ? {} : { ca: trusted(caBundle) }),
      }),
      responseType: "text",
      // A text cut short must be an error here, not undefined somewhere else.
      transformResponse: [(text: unknown) => text],
      validateStatus: () => true,
      maxRedirects: 0,
    });
  }

  async call(request: ApiRequest): Promise<Payload> {
    try {
      return await this.#send(request);
    } catch (error) {
      if (!(error instanceof CloudStackError)) throw error;
      if (error.facts.code === 405 && !this.#postOnly.has(request.command)) {
        this.#postOnly.add(request.command);
        return this.#send(request);
      }
      throw error;
    }
  }

  async #send(request: ApiRequest): Promise<Payload> {
    const { command, signal } = request;
    const skew = this.#skewMs;
    let answer = await this.#exchange(command, this.#signed(request), signal);
    if (this.#isElsewhere(answer)) {
      this.#url += USUAL_PATH;
      this.#notices.onPath?.(this.#url);
      answer = await this.#exchange(command, this.#signed(request), signal);
    }
    this.#measureSkew(answer);
    try {
      return payloadOf(command, httpAnswer(answer));
    } catch (error) {
      // Signed with a time the server does not share, and now that time is known: refused before anything was done.
      const refused = error instanceof CloudStackError && error.facts.code === 401;
      if (!refused || Math.abs(this.#skewMs - skew) <= LARGEST_SKEW_MS) throw error;
      const again = await this.#exchange(command, this.#signed(request), signal);
      return payloadOf(command, httpAnswer(again));
    }
  }

  #signed({ command, parameters = {} }: ApiRequest): string {
    const { apiKey, secretKey } = this.#connection;
    const expires = new Date(this.#serverTime() + EXPIRES_MS).toISOString().replace(/\.\d+Z$/, "+0000");
    const all = new Map([
      ...flatten(parameters),
      ["command", command],
      ["response", "json"],
      ["apiKey", apiKey],
      ["signatureVersion", "3"],
      ["expires", expires],
    ]);
    all.set("signature", sign(all, secretKey));
    return toQuery(all);
  }

  async #exchange(command: string, query: string, signal: AbortSignal): Promise<AxiosResponse<string>> {
    const url = this.#url;
    try {
      return this.#byPost(command)
        ? await this.#http.post<string>(url, query, { signal, headers: FORM })
        : await this.#http.get<string>(`${url}?${query}`, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new CloudStackError({
        command,
        said: networkText(error),
        answered: false,
        outcomeUnknown: !isRead(command) && !wasNotSent(error),
      });
    }
  }

  /** Whoever answers at the bare address is a web server: nothing there, a page, or the way to one. Nothing was carried out. */
  #isElsewhere({ status, data }: AxiosResponse<string>): boolean {
    const { isBare, url } = this.#connection;
    if (isBare !== true || this.#url !== url) return false;
    return status === 404 || (status < 400 && !data.trimStart().startsWith("{"));
  }

  #byPost(command: string): boolean {
    const { method } = this.#connection;
    if (this.#postOnly.has(command)) return true;
    return method === "auto" ? !isRead(command) : method === "post";
  }

  #measureSkew({ headers }: AxiosResponse<string>): void {
    const date = Date.parse(String(headers["date"] ?? ""));
    if (Number.isNaN(date)) return;
    const skew = date - wallClock();
    const before = this.#skewMs;
    this.#skewMs = Math.abs(skew) > LARGEST_SKEW_MS ? skew : 0;
    if (this.#skewMs !== 0 && before === 0) this.#notices.onSkew?.(skew);
  }

  #serverTime(): number {
    return wallClock() + this.#skewMs;
  }
}

function httpAnswer({ status, data, headers }: AxiosResponse<string>): HttpAnswer {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  return { status, text: data, ...(seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}) };
}

/** Node replaces its own list by `ca`; the public authorities stay. */
function trusted(caBundle: string): string[] {
  if (!caBundle.includes("-----BEGIN CERTIFICATE-----")) throw new Error("the CA bundle is not PEM text");
  return [...getCACertificates("default"), caBundle];
}

/** Without the request: its address holds the signature. */
function networkText(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return [code, message].filter((part) => typeof part === "string" && part !== "").join(": ") || "the call failed";
}

/** Nobody listened, or the certificate was refused: nothing was carried out. */
function wasNotSent(error: unknown): boolean {
  return /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CERT|SELF_SIGNED|UNABLE_TO_/.test(networkText(error));
}

function wallClock(): number {
  // oxlint-disable-next-line no-restricted-properties -- signatures expire by the time of the wall, whatever clock the cluster runs on
  return Date.now();
}
