// What is found out about a server before it is used: version, rights, limits (§3, §12). Said once, and again when it changes.

import type { Logger } from "@karpenter-multicloud/core/telemetry";

import type { ApiPace } from "./api-pace.ts";
import { missingApis, RECOMMENDED_APIS } from "./needed-apis.ts";
import type { MissingApis } from "./needed-apis.ts";
import { isOlder, OLDEST_VERSION } from "./server-features.ts";
import type { Capabilities } from "./wire-account.ts";

export interface ServerFacts extends Capabilities {
  readonly missing: MissingApis;
  /** As far as is known; only administrators do. */
  readonly seesCapacity: boolean;
  /** vm.userdata.max.length, where the account may read it. */
  readonly userDataMaxLength?: number;
}

/** What the client answers of the server itself. */
export interface ServerQuestions {
  capabilities(signal: AbortSignal): Promise<Capabilities>;
  /** The commands that the account's role allows; undefined where it may not ask. */
  apis(signal: AbortSignal): Promise<ReadonlySet<string> | undefined>;
  /** Of a setting of the site; undefined where it has none of that name, or the account may not ask. */
  configuration(name: string, signal: AbortSignal): Promise<string | undefined>;
  forget(command: string): void;
}

const ASK_AGAIN_MS = 60_000;
const USER_DATA_LIMIT = "vm.userdata.max.length";

export class ServerWatch {
  readonly #logger: Logger;
  readonly #pace: ApiPace;
  #told = "";
  #askedAt = Number.NEGATIVE_INFINITY;
  #lacks = false;

  constructor(logger: Logger, pace: ApiPace) {
    this.#logger = logger;
    this.#pace = pace;
  }

  /** Lists are the client's to keep. @throws CloudStackError when the server cannot be asked at all */
  async facts(client: ServerQuestions, now: number, signal: AbortSignal): Promise<ServerFacts> {
    // Whoever has just allowed what was missing should not wait for long.
    if (this.#lacks && now - this.#askedAt >= ASK_AGAIN_MS) client.forget("listApis");
    if (!this.#lacks || now - this.#askedAt >= ASK_AGAIN_MS) this.#askedAt = now;
    const capabilities = await client.capabilities(signal);
    const allowed = await client.apis(signal);
    const limited = this.#pace.keepTo(capabilities.apiLimit);
    const missing = allowed === undefined ? { needed: [], recommended: [] } : missingApis(allowed);
    this.#lacks = missing.needed.length > 0;
    const may = (api: string): boolean => allowed?.has(api) ?? true;
    const limit = may("listConfigurations") ? await client.configuration(USER_DATA_LIMIT, signal) : undefined;
    const userDataMaxLength = Number(limit);
    const facts = {
      ...capabilities,
      missing,
      seesCapacity: may("listCapacity"),
      ...(userDataMaxLength > 0 ? { userDataMaxLength } : {}),
    };
    const content = JSON.stringify(facts);
    if (content !== this.#told) this.#tell(facts, limited);
    this.#told = content;
    return facts;
  }

  #tell({ version, missing, apiLimit, userDataMaxLength }: ServerFacts, limited: boolean): void {
    const logger = this.#logger;
    logger.info("CloudStack answers", { version, ...(userDataMaxLength === undefined ? {} : { userDataMaxLength }) });
    if (isOlder(version, OLDEST_VERSION)) {
      logger.warn(`CloudStack is older than ${OLDEST_VERSION}, the oldest that is supported`, { version });
    }
    if (missing.needed.length > 0) {
      logger.warn("the account's role lacks APIs that are needed: allow them in the role", { apis: missing.needed });
    }
    for (const api of missing.recommended) {
      logger.info("the account's role lacks an API; it goes without", { api, without: RECOMMENDED_APIS[api] });
    }
    if (limited) logger.info("calls keep to the server's limit", { ...apiLimit, perSecond: this.#pace.perSecond });
  }
}
