// Whether machines can be removed for good, or only made invisible until the server's cleaner comes (C-84).

import type { Clock } from "@karpenter-multicloud/core/runtime";

import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackError } from "../client/cloudstack-api.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { kindOf } from "../client/failure-kind.ts";

const REMEMBER_MS = 3_600_000;
const MASKED_IN_A_ROW = 2;

export class ExpungeRight {
  readonly #client: CloudStackClient;
  readonly #clock: Clock;
  #deniedUntil = Number.NEGATIVE_INFINITY;
  #masked = 0;

  constructor(client: CloudStackClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async may(policy: CloudStackNodeClassSpec["expungePolicy"], signal: AbortSignal): Promise<boolean> {
    if (policy === "Never" || this.#clock.now() < this.#deniedUntil) return false;
    if (policy === "Always") return true;
    const { allowUserExpunge } = await this.#client.capabilities(signal);
    return allowUserExpunge || (await this.#accountType(signal)) !== 0;
  }

  /** True when the failure says that expunging is what was refused; it is not asked for again for an hour. */
  wasDenied(error: unknown): boolean {
    if (!(error instanceof CloudStackError)) return false;
    const { said, code } = error.facts;
    const isClear = /expung/i.test(said) && /permission|admin/i.test(said);
    // Others than administrators may only read that something is wrong.
    const isMasked =
      code === 530 && /contact your system administrator/i.test(said) && ++this.#masked >= MASKED_IN_A_ROW;
    if (!isClear && !isMasked && kindOf(error) !== "permission") return false;
    this.#deniedUntil = this.#clock.now() + REMEMBER_MS;
    this.#masked = 0;
    return true;
  }

  /** Of whoever calls; a project's members have their own. */
  async #accountType(signal: AbortSignal): Promise<number> {
    try {
      return (await this.#client.account({}, signal)).type;
    } catch (error) {
      if (kindOf(error) === "permission") return 0;
      throw error;
    }
  }
}
