// What happens when claims are bound to a pool that is not there: it is created, within the limits of the cluster (O-13, O-28).

import type { NodeClaim } from "@karpenter-multicloud/core/api";

import type { Flavor } from "../catalog/flavor.ts";
import type { WirePool } from "../client/wire.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import type { ClaimStore } from "./claim-store.ts";
import type { FailureBook } from "./failure-book.ts";
import { nameOf } from "./outcome.ts";
import type { Outcomes } from "./outcome.ts";
import { isWaiting, nodeIdOf } from "./pool-balance.ts";
import { isOwned } from "./pool-key.ts";
import type { Opening, PoolOpener } from "./pool-opener.ts";
import type { PoolTarget } from "./pool-target.ts";
import type { Sightings } from "./sightings.ts";

export interface FounderParts {
  readonly claims: ClaimStore;
  readonly failures: FailureBook;
  readonly opener: PoolOpener;
  readonly sightings: Sightings;
  /** Flavors as last listed. */
  readonly flavors: (kubeId: string) => readonly Flavor[];
  /** Pools the cluster may have, foreign ones too. */
  readonly maxPools: number;
  /** Deletes one empty pool of ours; false when there is none. */
  readonly makeRoom: (access: ClusterAccess, owned: readonly WirePool[], signal: AbortSignal) => Promise<boolean>;
}

export class PoolFounder {
  readonly #parts: FounderParts;

  constructor(parts: FounderParts) {
    this.#parts = parts;
  }

  /** The caller holds the lock of the pool's name. */
  async found(target: PoolTarget, pools: readonly WirePool[], outcomes: Outcomes, signal: AbortSignal): Promise<void> {
    const { claims, opener, flavors } = this.#parts;
    await this.#takeBackLost(target.name, signal);
    await this.#refuseBeyondLimit(target, pools, outcomes, signal);
    const served = claims.inPool(target.name).filter(isWaiting);
    if (served.length === 0) return;
    const opening = (await this.#hasRoomForPool(target, pools, signal))
      ? await opener.open(target, served, flavors(target.access.kubeId), signal)
      : this.#poolLimit(target, pools.length);
    for (const claim of served) {
      if (opening.kind === "failed") {
        await claims.unbind(claim, signal);
        outcomes.set(nameOf(claim), opening);
      } else {
        const created = `pool ${target.name} was created, its machine is not listed yet`;
        outcomes.set(nameOf(claim), { kind: "waiting", why: opening.kind === "waiting" ? opening.why : created });
      }
    }
  }

  /** Machines went away with their pool; claims that have not launched wait for new ones. */
  async #takeBackLost(pool: string, signal: AbortSignal): Promise<void> {
    const { claims, opener, sightings } = this.#parts;
    const lost = claims.inPool(pool).filter((claim) => nodeIdOf(claim) !== undefined && !claim.status?.providerID);
    for (const claim of opener.isFresh(pool) ? [] : confirmedBereft(sightings, pool, lost)) {
      const isSame = (now: NodeClaim): boolean => nodeIdOf(now) === nodeIdOf(claim);
      await claims.note(claim, { NodeId: null, NodeName: null, PoolId: null }, isSame, signal);
    }
  }

  async #refuseBeyondLimit(
    target: PoolTarget,
    pools: readonly WirePool[],
    outcomes: Outcomes,
    signal: AbortSignal,
  ): Promise<void> {
    const { claims, opener, failures } = this.#parts;
    const waiting = claims.inPool(target.name).filter(isWaiting);
    const room = target.clusterLimit - pools.reduce((sum, pool) => sum + pool.desiredNodes, 0);
    if (room >= waiting.length || opener.isFresh(target.name)) return;
    const message = `the cluster has reached its limit of ${target.clusterLimit} nodes`;
    const error = failures.limit(target.shape, "ClusterNodeLimit", message);
    for (const claim of waiting.slice(Math.max(0, room))) {
      await claims.unbind(claim, signal);
      outcomes.set(nameOf(claim), { kind: "failed", error });
    }
  }

  /** O-13: an empty pool of ours makes way first. */
  async #hasRoomForPool(target: PoolTarget, pools: readonly WirePool[], signal: AbortSignal): Promise<boolean> {
    const { maxPools, makeRoom, opener } = this.#parts;
    if (pools.length < maxPools || opener.isFresh(target.name)) return true;
    const owned = pools.filter((pool) => pool.desiredNodes === 0 && isOwned(pool.template, target.clusterName));
    return makeRoom(target.access, owned, signal);
  }

  #poolLimit({ shape, name }: PoolTarget, count: number): Opening {
    const message = `pool ${name} cannot be created: the cluster has ${count} of at most ${this.#parts.maxPools} pools`;
    return { kind: "failed", error: this.#parts.failures.limit(shape, "PoolLimitReached", message) };
  }
}

/** One list without a machine proves nothing: claims whose machine was missing in two looks. */
export function confirmedBereft(
  sightings: Sightings,
  pool: string,
  bereft: readonly NodeClaim[],
): readonly NodeClaim[] {
  const keyOf = (claim: NodeClaim): string => `bereft/${pool}/${nodeIdOf(claim) ?? ""}`;
  sightings.retain(`bereft/${pool}/`, new Set(bereft.map(keyOf)));
  return bereft.filter((claim) => sightings.confirmed(keyOf(claim)));
}
