// Access tokens of a service account: asked for when first needed, renewed before they end, and at once when the API refuses one.

import { errorFacts } from "./error-facts.ts";
import { OvhApiError } from "./ovh-api.ts";
import { exchange } from "./plain-request.ts";
import type { PlainAnswer } from "./plain-request.ts";
import { wallClock } from "./wall-clock.ts";

const TIMEOUT_MS = 15_000;
/** Of its lifetime, but a minute at most: so long before its end a token is not used any more. */
const MARGIN_SHARE = 0.1;
const LONGEST_MARGIN_MS = 60_000;

interface Token {
  readonly text: string;
  /** Not used after. */
  readonly until: number;
}

export interface TokenSource {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export class AccessTokens {
  readonly #source: TokenSource;
  #current: Token | undefined;
  #asking: Promise<Token> | undefined;

  constructor(source: TokenSource) {
    this.#source = source;
  }

  /** All who need one at the same time wait for the same answer. @throws OvhApiError */
  async token(): Promise<string> {
    if (this.#current !== undefined && wallClock() < this.#current.until) return this.#current.text;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return (await this.#asking).text;
  }

  /** The API does not take it any more. */
  refused(token: string): void {
    if (this.#current?.text === token) this.#current = undefined;
  }

  async #ask(): Promise<Token> {
    const askedAt = wallClock();
    const { access_token: text, expires_in: seconds } = this.#read(await this.#send());
    if (typeof text !== "string" || text === "") throw this.#failure({ said: "the answer holds no access token" });
    const lifetime = (typeof seconds === "number" && seconds > 0 ? seconds : 300) * 1000;
    this.#current = { text, until: askedAt + lifetime - Math.min(LONGEST_MARGIN_MS, lifetime * MARGIN_SHARE) };
    return this.#current;
  }

  async #send(): Promise<PlainAnswer> {
    const { tokenUrl, clientId, clientSecret } = this.#source;
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64");
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await exchange({
        method: "POST",
        url: tokenUrl,
        headers: { Authorization: `Basic ${basic}`, "Content-Type": "application/x-www-form-urlencoded" },
        body: "grant_type=client_credentials&scope=all",
        signal,
      });
    } catch (error) {
      throw this.#failure({ thrown: error, ...(signal.aborted ? { said: "no answer in time" } : {}) });
    }
  }

  #read(answer: PlainAnswer): Readonly<Record<string, unknown>> {
    const parsed = parse(answer.text);
    if (answer.status < 300) return parsed;
    // A refused client is 400 or 401, depending on who looks first; both mean the same here.
    const said = [parsed["error"], parsed["error_description"]].filter((part) => typeof part === "string").join(": ");
    const status = answer.status === 400 ? 401 : answer.status;
    throw this.#failure({ ...answer, status, body: answer.text, ...(said === "" ? {} : { said }) });
  }

  #failure(seen: {
    readonly thrown?: unknown;
    readonly said?: string;
    readonly status?: number;
    readonly body?: string;
    readonly headers?: PlainAnswer["headers"];
  }): OvhApiError {
    const { thrown = "", said, status, body = "", headers = {} } = seen;
    const about = { method: "POST", route: new URL(this.#source.tokenUrl).pathname, body, headers, thrown } as const;
    const facts = errorFacts({
      ...about,
      ...(status === undefined ? {} : { status }),
      ...(said === undefined ? {} : { said }),
    });
    // No token, no call: whatever was to be done has surely not been done.
    return new OvhApiError(
      { ...facts, errorCode: status === 401 ? "INVALID_CLIENT" : "NO_TOKEN", outcomeUnknown: false },
      { cause: thrown },
    );
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
