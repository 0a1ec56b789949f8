// Creates a pool that does not exist yet, once: a lost answer is answered by looking for the name, never by a second request (O-28, O-40).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import type { ProviderError } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import type { Flavor } from "../catalog/flavor.ts";
import type { RegionMemory } from "../catalog/region-memory.ts";
import { kindOf, outcomeUnknown, toProviderError } from "../client/failure-kind.ts";
import type { PoolSpec } from "../client/mks-client.ts";
import type { WirePool } from "../client/wire.ts";
import type { FailureBook } from "./failure-book.ts";
import { templateOf } from "./pool-key.ts";
import type { PoolTarget } from "./pool-target.ts";

/** A fresh pool may stay invisible for this long. */
const INVISIBLE_MS = 120_000;

export type Opening =
  | { readonly kind: "opened"; readonly pool: WirePool }
  | { readonly kind: "waiting"; readonly why: string }
  | { readonly kind: "failed"; readonly error: ProviderError };

export class PoolOpener {
  readonly #clock: Clock;
  readonly #failures: FailureBook;
  readonly #regions: RegionMemory;
  /** Names we have asked for, by when. */
  readonly #posted = new Map<string, number>();
  /** What one-AZ regions that insist on the field get (O-32). */
  #zonesInOneAz: readonly string[] | undefined;

  constructor(clock: Clock, failures: FailureBook, regions: RegionMemory) {
    this.#regions = regions;
    this.#clock = clock;
    this.#failures = failures;
  }

  isFresh(name: string): boolean {
    return this.#clock.now() - (this.#posted.get(name) ?? Number.NEGATIVE_INFINITY) < INVISIBLE_MS;
  }

  /** An earlier process may have asked for it, at the latest at this time. */
  mayBePosted(name: string, at: number): void {
    this.#posted.set(name, Math.max(at, this.#posted.get(name) ?? at));
  }

  /** The pool is listed: from now on its absence means that it is gone. */
  seen(name: string): void {
    this.#posted.delete(name);
  }

  async open(
    target: PoolTarget,
    waiting: readonly NodeClaim[],
    flavors: readonly Flavor[],
    signal: AbortSignal,
  ): Promise<Opening> {
    if (this.isFresh(target.name))
      return { kind: "waiting", why: `pool ${target.name} was ordered and is not visible yet` };
    const unzoned = this.#unzoned(target);
    if (unzoned !== undefined) return unzoned;
    const desired = Math.min(waiting.length, target.maxNodes);
    try {
      return { kind: "opened", pool: await this.#post(target, desired, signal) };
    } catch (error) {
      return this.#explain(target, flavors, error);
    }
  }

  async #post(target: PoolTarget, desired: number, signal: AbortSignal): Promise<WirePool> {
    const { access, name } = target;
    this.#posted.set(name, this.#clock.now());
    try {
      return await access.mks.createPool(access.kubeId, this.#spec(target, desired), signal);
    } catch (error) {
      if (!outcomeUnknown(error) && kindOf(error) !== "name-taken") this.#posted.delete(name);
      if (kindOf(error) !== "zones-mandatory" || target.shape.place === "3az" || this.#zonesInOneAz) throw error;
      this.#regions.zoneDemanded(target.shape.region);
      if (this.#regions.hasZones(target.shape.region)) throw error;
      this.#zonesInOneAz = [];
      return this.#post(target, desired, signal);
    }
  }

  #spec({ name, shape, maxNodes, clusterName }: PoolTarget, desiredNodes: number): PoolSpec {
    const zones = shape.place === "3az" ? [shape.zone] : this.#zonesInOneAz;
    return {
      name,
      flavorName: shape.flavor,
      desiredNodes,
      maxNodes,
      monthlyBilled: shape.monthlyBilled,
      antiAffinity: shape.antiAffinity,
      ...(zones === undefined ? {} : { availabilityZones: zones }),
      attachFloatingIps: shape.attachFloatingIps,
      template: templateOf(shape, clusterName),
    };
  }

  /** The class is looked at again within minutes, and its claims then get a zone. */
  #unzoned({ shape, name }: PoolTarget): Opening | undefined {
    if (shape.place === "3az" || !this.#regions.hasZones(shape.region)) return undefined;
    const why = `creating pool ${name}: region ${shape.region} has zones, which are looked up first`;
    return { kind: "waiting", why };
  }

  #explain(target: PoolTarget, flavors: readonly Flavor[], error: unknown): Opening {
    const { name, shape } = target;
    const doing = `creating pool ${name} of ${shape.flavor} in ${shape.zone}`;
    const unzoned = this.#unzoned(target);
    if (unzoned !== undefined) return unzoned;
    if (outcomeUnknown(error)) return { kind: "waiting", why: `${doing}: the answer was lost, looking for the pool` };
    switch (kindOf(error)) {
      case "name-taken":
        return { kind: "waiting", why: `${doing}: the name exists already` };
      case "busy":
        return { kind: "waiting", why: `${doing}: the cluster is busy` };
      case "quota":
        return { kind: "failed", error: this.#failures.quota(shape, flavors, `${doing}: ${(error as Error).message}`) };
      case "zone-unknown":
        this.#failures.avoid(shape, "UnknownZone", minutes(30));
        return { kind: "failed", error: this.#failures.refused(shape, `${doing}: ${(error as Error).message}`, error) };
      case "config":
      case "zones-mandatory":
        return { kind: "failed", error: this.#failures.refused(shape, `${doing}: ${(error as Error).message}`, error) };
      default:
        throw toProviderError(error, doing);
    }
  }
}
