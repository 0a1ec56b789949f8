// Collects what no claim stands for: surplus and failed machines, and empty pools (O-29, O-41, O-57). Slow on purpose: two looks, never one.

import type { Node, NodeClaim } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { minutes } from "@karpenter-multicloud/core/units";

import type { Flavor } from "../catalog/flavor.ts";
import type { WireMachine, WirePool } from "../client/wire.ts";
import type { ClusterAccess, ClusterAccesses } from "../access/cluster-access.ts";
import type { OvhSettings } from "../settings.ts";
import type { Adopter } from "./adopter.ts";
import type { ClaimStore } from "../pools/claim-store.ts";
import type { Inventories } from "./inventories.ts";
import type { OwnedPool } from "../pools/inventory.ts";
import type { KeyedMutex } from "../pools/keyed-mutex.ts";
import { instanceIdOf, isBusyStatus, isGone } from "../pools/machine-status.ts";
import { guardTarget, isWaiting, nodeIdOf, surplusOf } from "../pools/pool-balance.ts";
import type { Balance } from "../pools/pool-balance.ts";
import type { PoolEvents } from "../pools/pool-events.ts";
import { inCoreWords, isRegistered } from "../pools/pool-keeper.ts";
import type { PoolCensus } from "../pools/pool-census.ts";
import type { PoolKeeper } from "../pools/pool-keeper.ts";
import { isAdopted } from "../pools/pool-key.ts";
import type { PoolOpener } from "../pools/pool-opener.ts";
import type { PoolWriter } from "../pools/pool-writer.ts";
import type { RemovalLedger } from "../pools/removal-ledger.ts";
import type { Sightings } from "../pools/sightings.ts";

export interface CollectorParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly accesses: ClusterAccesses;
  readonly inventories: Inventories;
  readonly claims: ClaimStore;
  readonly keeper: PoolKeeper;
  readonly adopter: Adopter;
  readonly events: PoolEvents;
  readonly census: PoolCensus;
  readonly writer: PoolWriter;
  readonly opener: PoolOpener;
  readonly ledger: RemovalLedger;
  readonly sightings: Sightings;
  readonly nodes: Informer<Node>;
  readonly settings: OvhSettings;
  readonly locks: KeyedMutex;
  readonly flavors: (kubeId: string) => readonly Flavor[];
}

const MOST_PER_ROUND = 5;
const GPU_SURPLUS_MS = minutes(30);
const CANCEL_MS = minutes(1);
const FAILED_MS = minutes(10);
const CONFIRM_MS = 60_000;

export class Collector {
  readonly #parts: CollectorParts;
  /** Machines of the last round that was believed, by id. */
  #known: ReadonlySet<string> = new Set();

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  async collect(claims: readonly NodeClaim[], signal: AbortSignal): Promise<void> {
    const hydratedAt = await this.#parts.claims.hydrated(signal);
    const inventory = await this.#parts.inventories.read(signal);
    if (inventory === undefined) return;
    this.#parts.census.take(inventory, ({ pool, machines }) => this.#parts.keeper.balance(pool, machines, hydratedAt));
    // O-57: what looks like nobody's now may only be unreachable.
    if (inventory.access.standstill !== undefined) return;
    await this.#parts.adopter.adopt(inventory, signal);
    if (this.#hasShrunkOddly(inventory.owned)) return;
    for (const { pool } of inventory.owned) {
      const key = `pool/${inventory.access.kubeId}/${pool.name}`;
      await inCoreWords(`collecting in pool ${pool.name}`, () =>
        this.#parts.locks.run(key, () => this.#collectIn(inventory.access, pool, claims, { hydratedAt, signal })),
      );
    }
  }

  /** Frees one place for a new pool; true when a pool was deleted (O-13). */
  async makeRoom(access: ClusterAccess, owned: readonly WirePool[], signal: AbortSignal): Promise<boolean> {
    for (const pool of owned) {
      const machines = await access.mks.machines(access.kubeId, pool.id, signal);
      if (!this.#isEmpty(pool, machines)) continue;
      const key = `pool/${access.kubeId}/${pool.name}`;
      const deleted = await this.#parts.locks.run(key, () => this.#deleteEmpty(access, pool.id, signal));
      if (deleted) return true;
    }
    return false;
  }

  /** When nobody will look again: empty pools go whatever their age. Answers those that are not empty yet. */
  async leave(signal: AbortSignal): Promise<readonly string[]> {
    const inventory = await this.#parts.inventories.read(signal);
    if (inventory === undefined || inventory.access.standstill !== undefined) return [];
    const { access, owned } = inventory;
    const kept: string[] = [];
    for (const { pool } of owned) {
      const key = `pool/${access.kubeId}/${pool.name}`;
      if (pool.status === "DELETING") continue;
      const gone = await this.#parts.locks.run(key, () => this.#deleteEmpty(access, pool.id, signal));
      if (!gone) kept.push(pool.name);
    }
    return kept;
  }

  /** Half of all machines missing at once, and not by our asking, is more often a broken answer than the truth: looked at again a minute later. */
  #hasShrunkOddly(owned: readonly OwnedPool[]): boolean {
    const present = new Set(owned.flatMap(({ machines }) => machines.map(({ id }) => id)));
    const lost = [...this.#known].filter((id) => !present.has(id) && !this.#parts.ledger.knows(id));
    const odd = lost.length > this.#known.size / 2;
    if (odd && !this.#parts.sightings.confirmed("collector/shrunk", CONFIRM_MS)) return true;
    this.#parts.sightings.clear("collector/shrunk");
    this.#known = present;
    return false;
  }

  async #collectIn(
    access: ClusterAccess,
    { id, name }: WirePool,
    claims: readonly NodeClaim[],
    { hydratedAt, signal }: { readonly hydratedAt: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const pool = await access.mks.pool(access.kubeId, id, signal);
    if (pool === undefined) return;
    const machines = await access.mks.machines(access.kubeId, id, signal);
    const balance = this.#parts.keeper.balance(pool, machines, hydratedAt);
    this.#tellBlocked(pool, machines);
    if (await this.#takeBack(access, pool, signal)) return;
    if (guardTarget(balance) !== undefined) {
      const about = { hydratedAt, nodeClass: this.#parts.accesses.anyClass() };
      const wanted = this.#parts.keeper.raiseBackTarget(pool, balance, about);
      if (wanted !== undefined) await this.#parts.writer.grow(access, pool, wanted, signal);
      return;
    }
    const doomed = this.#doomed(access, pool, balance, claims);
    if (doomed.length > 0) {
      this.#parts.logger.info("collecting machines without a nodeclaim", {
        pool: name,
        machines: doomed.map((each) => each.name),
      });
      const names = doomed.map((each) => each.name).join(", ");
      const message = `pool ${name}: removed machines that no NodeClaim has: ${names}`;
      if ((await this.#parts.writer.remove(access, pool, doomed, signal)) === "done") {
        this.#parts.events.tell(this.#parts.accesses.anyClass(), "SurplusMachineRemoved", message);
      }
      return;
    }
    await this.#collectEmpty(access, pool, machines, signal);
  }

  /** O-14: two autoscalers on one pool delete each other's nodes, also while nobody launches anything there. */
  async #takeBack(access: ClusterAccess, pool: WirePool, signal: AbortSignal): Promise<boolean> {
    if (!pool.autoscale && pool.minNodes === 0) return false;
    if (pool.autoscale) this.#parts.events.autoscaleEnabled(this.#parts.accesses.anyClass(), pool.name);
    return (await this.#parts.writer.repair(access, pool, pool.maxNodes, signal)) === "done";
  }

  /** O-27: nothing here can mend it, and the machine is fine. */
  #tellBlocked(pool: WirePool, machines: readonly WireMachine[]): void {
    const blocked = [pool, ...machines].filter(({ status }) => status === "USER_WEBHOOK_PREVENTING_OPERATIONS_ERROR");
    if (blocked.length === 0) return;
    const names = blocked.map(({ name }) => name).join(", ");
    const message = `an admission webhook of this cluster keeps MKS from working on ${names}: look for validating or mutating webhooks that refuse changes of Nodes, or whose service is down`;
    this.#parts.events.warn(this.#parts.accesses.anyClass(), "WebhookPreventsOperations", message);
  }

  /** Newest first, and only what has been nobody's for long enough. */
  #doomed(
    access: ClusterAccess,
    pool: WirePool,
    balance: Balance,
    claims: readonly NodeClaim[],
  ): readonly WireMachine[] {
    const { sightings } = this.#parts;
    const surplus = surplusOf(balance).filter((machine) => !this.#isReferenced(pool, machine, claims));
    const failed = balance.failed.filter(({ claim }) => claim === undefined).map(({ machine }) => machine);
    const prefix = `surplus/${pool.id}/`;
    sightings.retain(prefix, new Set([...surplus, ...failed].map((machine) => prefix + machine.id)));
    const isOld = (machine: WireMachine, ttl: number): boolean => sightings.confirmed(prefix + machine.id, ttl);
    const old = [
      ...surplus.filter((machine) => isOld(machine, this.#surplusTtl(access, pool, machine))),
      ...failed.filter((machine) => isOld(machine, FAILED_MS)),
    ];
    return old.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)).slice(0, MOST_PER_ROUND);
  }

  #surplusTtl(access: ClusterAccess, pool: WirePool, machine: WireMachine): number {
    const { settings, flavors } = this.#parts;
    if (settings.cancelPending && machine.status === "INSTALLING") return CANCEL_MS;
    const gpu = (flavors(access.kubeId).find((flavor) => flavor.name === pool.flavor)?.gpus ?? 0) > 0;
    return gpu ? Math.max(GPU_SURPLUS_MS, settings.surplusTtl) : settings.surplusTtl;
  }

  #isReferenced(pool: WirePool, machine: WireMachine, claims: readonly NodeClaim[]): boolean {
    if (!isAdopted(pool.template) && isRegistered(this.#parts.nodes.get({ name: machine.name }))) return true;
    return claims.some(
      (claim) =>
        nodeIdOf(claim) === machine.id ||
        (machine.instanceId !== "" && instanceIdOf(claim.status?.providerID ?? "") === machine.instanceId),
    );
  }

  async #collectEmpty(
    access: ClusterAccess,
    pool: WirePool,
    machines: readonly WireMachine[],
    signal: AbortSignal,
  ): Promise<void> {
    const key = `empty/${pool.id}`;
    if (!this.#isEmpty(pool, machines)) return this.#parts.sightings.clear(key);
    // O-15: a pool for one claim alone serves no other one.
    const ttl = pool.maxNodes === 1 ? 0 : this.#parts.settings.emptyPoolTtl;
    if (!this.#parts.sightings.confirmed(key, ttl)) return;
    if (await this.#deleteEmpty(access, pool.id, signal)) this.#parts.sightings.clear(key);
  }

  /** Under the pool's lock, with a fresh look right before: a claim may have been bound to it meanwhile. */
  async #deleteEmpty(access: ClusterAccess, poolId: string, signal: AbortSignal): Promise<boolean> {
    const pool = await access.mks.pool(access.kubeId, poolId, signal);
    if (pool === undefined) return true;
    const machines = await access.mks.machines(access.kubeId, poolId, signal);
    if (!this.#isEmpty(pool, machines)) return false;
    return (await this.#parts.writer.delete(access, pool, signal)) === "done";
  }

  #isEmpty(pool: WirePool, machines: readonly WireMachine[]): boolean {
    const { claims, opener } = this.#parts;
    const bound = claims
      .inPool(pool.name)
      .some((claim) => isWaiting(claim) || claim.metadata.deletionTimestamp === undefined);
    return (
      pool.desiredNodes === 0 &&
      machines.every(isGone) &&
      !bound &&
      !isBusyStatus(pool.status) &&
      !opener.isFresh(pool.name)
    );
  }
}
