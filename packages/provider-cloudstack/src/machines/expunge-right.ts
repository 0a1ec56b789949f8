// Whether machines can be removed for good, or only made invisible until the server's cleaner comes (C-84).

import type { Clock } from "@karpenter-multicloud/core/runtime";

import type { ExpungePolicy } from "../api/cloudstack-node-class.ts";
import { CloudStackError } from "../client/cloudstack-api.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { kindOf } from "../client/failure-kind.ts";

const REMEMBER_MS = 3_600_000;
const MASKED_IN_A_ROW = 2;

export class ExpungeRight {
  readonly #clock: Clock;
  /** By key. */
  readonly #deniedUntil = new Map<string, number>();
  readonly #masked = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async may(client: CloudStackClient, policy: ExpungePolicy, signal: AbortSignal): Promise<boolean> {
    const deniedUntil = this.#deniedUntil.get(client.source) ?? Number.NEGATIVE_INFINITY;
    if (policy === "Never" || this.#clock.now() < deniedUntil) return false;
    if (policy === "Always") return true;
    const { allowUserExpunge } = await client.capabilities(signal);
    return allowUserExpunge || (await accountType(client, signal)) !== 0;
  }

  /** True when the failure says that expunging is what was refused; it is not asked for again for an hour. */
  wasDenied({ source }: CloudStackClient, error: unknown): boolean {
    if (!(error instanceof CloudStackError)) return false;
    const { said, code } = error.facts;
    const isClear = /expung/i.test(said) && /permission|admin/i.test(said);
    // Others than administrators may only read that something is wrong.
    const isMasked = code === 530 && /contact your system administrator/i.test(said);
    const masked = (this.#masked.get(source) ?? 0) + (isMasked ? 1 : 0);
    this.#masked.set(source, masked);
    if (!isClear && !(isMasked && masked >= MASKED_IN_A_ROW) && kindOf(error) !== "permission") return false;
    this.#deniedUntil.set(source, this.#clock.now() + REMEMBER_MS);
    this.#masked.delete(source);
    return true;
  }
}

/** Of whoever calls; a project's members have their own. */
async function accountType(client: CloudStackClient, signal: AbortSignal): Promise<number> {
  try {
    return (await client.account({ source: client.source }, signal)).type;
  } catch (error) {
    if (kindOf(error) === "permission") return 0;
    throw error;
  }
}
