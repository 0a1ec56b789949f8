// What a refused launch means for the plans after it (§9, W-11): which offerings to avoid, how long, and whether another may serve.

import { InvalidConfiguration, NodeClassNotReady, QuotaExceeded } from "@karpenter-multicloud/core/provider";
import type { UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import { milliseconds } from "@karpenter-multicloud/core/units";

import { factsOf, kindOf, toProviderError } from "../client/failure-kind.ts";
import type { ApiErrorFacts } from "../client/scaleway-api.ts";

export interface Place {
  readonly typeName: string;
  readonly zone: string;
}

export type Judgement =
  /** Another candidate may be had; `event` is worth telling people. */
  | { readonly next: true; readonly why: string; readonly event?: string }
  | { readonly next: false; readonly error: unknown; readonly classIsStale: boolean };

/** Power-on was accepted, and the server fell back to stopped: stock was the reason, whatever the API said (W-44). */
export class FellBack extends Error {
  override readonly name = "FellBack";
}

const MINUTE = 60_000;
const STOCK_MS = 3 * MINUTE;
const FORBIDDEN_MS = 10 * MINUTE;
const LONGEST_MS = 30 * MINUTE;
const STALE: readonly string[] = [
  "instance_image",
  "instance_security_group",
  "instance_placement_group",
  "private_network",
];

export class Refusals {
  readonly #unavailable: UnavailableOfferings;
  readonly #misses = new Map<string, number>();

  constructor(unavailable: UnavailableOfferings) {
    this.#unavailable = unavailable;
  }

  judge(error: unknown, { typeName, zone }: Place, doing: string): Judgement {
    const kind = error instanceof FellBack ? "out-of-stock" : kindOf(error);
    const facts = factsOf(error);
    if (kind === "out-of-stock") return this.outOfStock(typeName, zone, (error as Error).message);
    if (kind === "quota") return this.#quota(error, facts, typeName, doing);
    if (kind === "invalid") return this.#invalid(error, facts, { type: typeName, zone }, doing);
    if (kind === "permission" && facts?.details.some(({ resource }) => resource?.includes("server") === true)) {
      const why = "the key has no right to it";
      this.#unavailable.mark({ instanceType: typeName, zone }, why, milliseconds(FORBIDDEN_MS));
    }
    if (kind === "not-found" && STALE.includes(facts?.resource ?? "")) {
      const message = `${doing}: ${facts?.resource ?? ""} ${facts?.resourceId ?? ""} no longer exists`;
      return { next: false, error: new NodeClassNotReady(message, { cause: error }), classIsStale: true };
    }
    return { next: false, error: toProviderError(error, doing), classIsStale: false };
  }

  outOfStock(instanceType: string, zone: string, why: string): Judgement {
    const key = `${instanceType}/${zone}`;
    const misses = this.#misses.get(key) ?? 0;
    this.#misses.set(key, misses + 1);
    const pause = Math.min(LONGEST_MS, STOCK_MS * 2 ** misses);
    this.#unavailable.mark({ instanceType, zone }, "out of stock", milliseconds(pause));
    return { next: true, why: `${instanceType} in ${zone} is out of stock (${why})` };
  }

  succeeded({ typeName, zone }: Place): void {
    this.#misses.delete(`${typeName}/${zone}`);
    this.#unavailable.clear({ instanceType: typeName, zone });
  }

  /** Of servers of this type: other types may serve. Of addresses or volumes: none will (§9). */
  #quota(error: unknown, facts: ApiErrorFacts | undefined, instanceType: string, doing: string): Judgement {
    const [detail] = facts?.details ?? [];
    const resource = detail?.resource ?? facts?.resource ?? instanceType;
    const numbers = detail?.quota === undefined ? "" : ` (${detail.current ?? "?"}/${detail.quota})`;
    const why = `the quota of ${resource} is used up${numbers}`;
    if (/(^|_)(ip|ips|volume|volumes|snapshot)(_|$)/i.test(resource)) {
      const scope = { level: "account" } as const;
      const refused = new QuotaExceeded(`${doing}: ${why}`, { cause: error, scope, conditionReason: "QuotaExceeded" });
      return { next: false, error: refused, classIsStale: false };
    }
    this.#unavailable.mark({ instanceType }, why, milliseconds(LONGEST_MS));
    return { next: true, why: `${instanceType}: ${why}`, event: `${instanceType}: ${why}` };
  }

  #invalid(
    error: unknown,
    facts: ApiErrorFacts | undefined,
    { type, zone }: { readonly type: string; readonly zone: string },
    doing: string,
  ): Judgement {
    const argument = facts?.details[0]?.argument ?? "";
    if (argument === "placement_group") return this.outOfStock(type, zone, "its placement group takes no more");
    if (argument === "commercial_type" || argument === "image") {
      const why = `Scaleway refuses ${type} in ${zone}: ${facts?.said ?? ""}`;
      this.#unavailable.mark({ instanceType: type, zone }, why, milliseconds(LONGEST_MS));
      return { next: true, why, event: why };
    }
    const message = `${doing}: ${facts?.said ?? ""}`;
    const refused = new InvalidConfiguration(message, { cause: error, conditionReason: "InvalidConfiguration" });
    return { next: false, error: refused, classIsStale: false };
  }
}
