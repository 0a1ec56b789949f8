// Removes the machine of one claim, by name, and tells when it is gone (O-50 to O-54a).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { toRfc3339 } from "@karpenter-multicloud/core/api";
import { InvalidConfiguration, MachineNotFound } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";

import { OvhAnnotation } from "../api/labels.ts";
import { kindOf } from "../client/failure-kind.ts";
import type { WireMachine, WirePool } from "../client/wire.ts";
import type { ClusterAccess, ClusterAccesses } from "../access/cluster-access.ts";
import type { OvhSettings } from "../settings.ts";
import { REMOVE_BY_HAND } from "./adopter.ts";
import type { ClaimStore } from "../pools/claim-store.ts";
import type { ClassViews } from "./class-view.ts";
import type { Coalescer } from "../pools/coalescer.ts";
import type { KeyedMutex } from "../pools/keyed-mutex.ts";
import { instanceIdOf, isGoing, isGone } from "../pools/machine-status.ts";
import { nameOf } from "../pools/outcome.ts";
import { guardTarget, isWaiting, nodeIdOf } from "../pools/pool-balance.ts";
import type { PoolEvents } from "../pools/pool-events.ts";
import { inCoreWords } from "../pools/pool-keeper.ts";
import type { PoolKeeper } from "../pools/pool-keeper.ts";
import { isOwned } from "../pools/pool-key.ts";
import type { PoolWriter } from "../pools/pool-writer.ts";
import { REMOVAL_VISIBLE_MS } from "../pools/removal-ledger.ts";
import type { RemovalLedger } from "../pools/removal-ledger.ts";
import type { Sightings } from "../pools/sightings.ts";

export interface RemoverParts {
  readonly clock: Clock;
  readonly accesses: ClusterAccesses;
  readonly views: ClassViews;
  readonly claims: ClaimStore;
  readonly keeper: PoolKeeper;
  readonly writer: PoolWriter;
  readonly ledger: RemovalLedger;
  readonly sightings: Sightings;
  readonly events: PoolEvents;
  readonly settings: OvhSettings;
  readonly metrics: Metrics;
  readonly rounds: Coalescer<void>;
  readonly locks: KeyedMutex;
}

interface Found {
  readonly pool: WirePool;
  readonly machine: WireMachine;
}

/** A wrong machine went: for this long removals of that pool go one at a time. */
const CAREFUL_MS = 3600_000;

export class Remover {
  readonly #parts: RemoverParts;
  /** Pool id → machine id → claim, for the next removal of that pool. */
  readonly #wanted = new Map<string, Map<string, NodeClaim | undefined>>();
  readonly #carefulUntil = new Map<string, number>();

  constructor(parts: RemoverParts) {
    this.#parts = parts;
  }

  /** @throws MachineNotFound when there is nothing left to remove */
  async delete(claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const { accesses, claims } = this.#parts;
    if (isNeverLaunched(claims.get(nameOf(claim)) ?? claim, claim)) {
      throw new MachineNotFound(`nodeclaim ${nameOf(claim)} has no machine`);
    }
    const hydratedAt = await claims.hydrated(signal);
    await inCoreWords(`deleting the machine of nodeclaim ${nameOf(claim)}`, async () => {
      const access = await accesses.ofClaim(claim, signal);
      const found = await this.#find(access, claim, signal);
      if (found === undefined) return this.#absent(access, claim, signal);
      if (this.#isWanted(claim, found.pool)) return;
      if (isGone(found.machine)) throw notFound(claim, found.machine);
      if (isGoing(found.machine)) return this.#going(claim, found);
      if (!isOwned(found.pool.template, this.#parts.views.clusterName(access))) throw this.#refused(claim, found);
      await this.#ask(access, claim, found, { hydratedAt, signal });
    });
  }

  /** A machine that no claim has is given to one that waits for it rather than removed. */
  #isWanted(claim: NodeClaim, pool: WirePool): boolean {
    const { claims } = this.#parts;
    const hasOwner = this.#stored(claim) !== undefined || claim.metadata.deletionTimestamp !== undefined;
    return !hasOwner && claims.inPool(pool.name).some(isWaiting);
  }

  /** In the pools we own first; a machine elsewhere is not ours to touch, but as long as it is there the claim may not end. */
  async #find(access: ClusterAccess, claim: NodeClaim, signal: AbortSignal): Promise<Found | undefined> {
    const current = this.#current(claim);
    const id = nodeIdOf(current);
    const instance = instanceIdOf(current.status?.providerID ?? claim.status?.providerID ?? "");
    const owner = this.#parts.views.clusterName(access);
    const pools = await access.mks.pools(access.kubeId, signal);
    const name = current.metadata.annotations?.[OvhAnnotation.PoolName];
    const rank = (pool: WirePool): number => Number(pool.name === name) + 2 * Number(isOwned(pool.template, owner));
    const wasOurs = this.#parts.sightings.wasSeen(`going/${keyOf(claim)}`);
    for (const pool of [...pools].sort((a, b) => rank(b) - rank(a))) {
      if (wasOurs && rank(pool) < 2) break;
      const machines = await machinesIn(access, pool.id, signal);
      const machine = machines.find((each) =>
        id === undefined ? each.instanceId !== "" && each.instanceId === instance : each.id === id,
      );
      if (machine !== undefined) return { pool, machine };
    }
    return undefined;
  }

  /** One answer without the machine may be a mistake of the API; one after the machine was seen going is not, nor its place in the history. */
  async #absent(access: ClusterAccess, claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const key = keyOf(claim);
    const seenGoing = this.#parts.sightings.wasSeen(`going/${key}`);
    const confirmed = seenGoing || this.#parts.sightings.confirmed(`absent/${key}`);
    if (!confirmed && !(await this.#isHistory(access, claim, signal))) return;
    this.#forget(claim);
    throw new MachineNotFound(`the machine of nodeclaim ${nameOf(claim)} is gone`);
  }

  /** O-50.1: the history is a help, not a condition; where it cannot be read, a second look decides. */
  async #isHistory(access: ClusterAccess, claim: NodeClaim, signal: AbortSignal): Promise<boolean> {
    const current = this.#current(claim);
    const id = nodeIdOf(current);
    const poolId = current.metadata.annotations?.[OvhAnnotation.PoolId];
    if (id === undefined || poolId === undefined || access.denied.has("history")) return false;
    try {
      const former = await access.mks.formerMachines(access.kubeId, poolId, signal);
      return former.some((machine) => machine.id === id && isGone(machine));
    } catch (error) {
      signal.throwIfAborted();
      if (kindOf(error) === "permission") access.denied.add("history");
      return false;
    }
  }

  /** O-4: the pool is somebody else's. Letting the claim go would leave its machine running, and billed, with nobody to know. */
  #refused(claim: NodeClaim, { pool, machine }: Found): InvalidConfiguration {
    this.#parts.sightings.clear(`absent/${keyOf(claim)}`);
    const message = `machine ${machine.name} is in pool ${pool.name}, which is not ours${this.#parts.settings.adoptLegacyPools ? " (yet)" : `; ${REMOVE_BY_HAND}`}`;
    if (this.#stored(claim) !== undefined) this.#parts.events.warnClaim(claim, "PoolNotOwned", message);
    return new InvalidConfiguration(`nodeclaim ${nameOf(claim)} cannot end: ${message}`, {
      conditionReason: "PoolNotOwned",
    });
  }

  /** O-54a: MKS may wait for the Node object, core for the machine; the named machine's deletion cannot be taken back. */
  #going(claim: NodeClaim, { machine }: Found): void {
    const { settings, sightings } = this.#parts;
    sightings.clear(`absent/${keyOf(claim)}`);
    const confirmed = sightings.confirmed(`going/${keyOf(claim)}`);
    if (!settings.deletingIsGone || !confirmed) return;
    this.#forget(claim);
    throw notFound(claim, machine);
  }

  /** Removals of one pool that come at about the same time go in one request. */
  async #ask(
    access: ClusterAccess,
    claim: NodeClaim,
    { pool, machine }: Found,
    when: { readonly hydratedAt: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { rounds, locks, clock, sightings } = this.#parts;
    sightings.clear(`absent/${keyOf(claim)}`);
    sightings.clear(`going/${keyOf(claim)}`);
    const key = `${access.kubeId}/${pool.name}`;
    const wanted = this.#wanted.get(pool.id) ?? new Map<string, NodeClaim | undefined>();
    wanted.set(machine.id, this.#stored(claim));
    this.#wanted.set(pool.id, wanted);
    const careful = (this.#carefulUntil.get(pool.id) ?? 0) > clock.now();
    await rounds.join(
      `remove/${key}${careful ? `/${machine.id}` : ""}`,
      (signal) =>
        locks.run(`pool/${key}`, () =>
          this.#remove(access, pool, { ...when, signal }, careful ? machine.id : undefined),
        ),
      when.signal,
    );
  }

  /** Under the pool's lock. */
  async #remove(
    access: ClusterAccess,
    { id }: WirePool,
    { hydratedAt, signal }: { readonly hydratedAt: number; readonly signal: AbortSignal },
    only: string | undefined,
  ): Promise<void> {
    const wanted = this.#take(id, only);
    const pool = await access.mks.pool(access.kubeId, id, signal);
    if (pool === undefined) return;
    const machines = await machinesIn(access, id, signal);
    this.#watchForWrong(pool, machines, hydratedAt, wanted);
    const toRemove: WireMachine[] = [];
    for (const machine of machines) {
      if (!wanted.has(machine.id) || isGoing(machine) || isGone(machine)) continue;
      if (this.#isDue(pool, machine, wanted.get(machine.id), hydratedAt)) toRemove.push(machine);
    }
    const current = await this.#raisedIfNeeded(access, pool, machines, { hydratedAt, signal });
    if (current === undefined || toRemove.length === 0) return;
    for (const machine of toRemove) await this.#mark(wanted.get(machine.id), signal);
    await this.#parts.writer.remove(access, current, toRemove, signal);
  }

  /** Whether the machine is to be named now: not when it was named before and that request counts (O-50.5). */
  #isDue(pool: WirePool, machine: WireMachine, claim: NodeClaim | undefined, hydratedAt: number): boolean {
    const { ledger, clock, events } = this.#parts;
    if (!ledger.knows(machine.id)) {
      const marked = claim?.metadata.annotations?.[OvhAnnotation.RemovalRequested] !== undefined;
      // An earlier process may have asked just before it ended: its request shows within a minute.
      return !marked || clock.now() - hydratedAt >= REMOVAL_VISIBLE_MS;
    }
    const judgement = ledger.judge(machine, pool);
    if (judgement === "leaving" || judgement === "none") return false;
    ledger.forget(machine.id);
    if (judgement === "danger" && claim !== undefined) {
      events.warnClaim(
        claim,
        "RemovalNotHonoured",
        `pool ${pool.name} was lowered, but machine ${machine.name} stays; raising the pool and naming the machine again`,
      );
    }
    return true;
  }

  /** Never remove from a pool that is already lower than its machines: MKS would be choosing victims. */
  async #raisedIfNeeded(
    access: ClusterAccess,
    pool: WirePool,
    machines: readonly WireMachine[],
    { hydratedAt, signal }: { readonly hydratedAt: number; readonly signal: AbortSignal },
  ): Promise<WirePool | undefined> {
    const target = guardTarget(this.#parts.keeper.balance(pool, machines, hydratedAt));
    if (target === undefined) return pool;
    if (this.#parts.clock.now() - hydratedAt < REMOVAL_VISIBLE_MS) return undefined;
    if ((await this.#parts.writer.grow(access, pool, target, signal)) === "later") return undefined;
    return access.mks.pool(access.kubeId, pool.id, signal);
  }

  async #mark(claim: NodeClaim | undefined, signal: AbortSignal): Promise<void> {
    if (claim === undefined || claim.metadata.annotations?.[OvhAnnotation.RemovalRequested] !== undefined) return;
    const notes = { RemovalRequested: toRfc3339(this.#parts.clock.now()) };
    await this.#parts.claims.note(claim, notes, () => true, signal);
  }

  /** O-50.6: after a removal no machine that was not named may go. */
  #watchForWrong(
    pool: WirePool,
    machines: readonly WireMachine[],
    hydratedAt: number,
    wanted: ReadonlyMap<string, unknown>,
  ): void {
    const { ledger, keeper, events, clock, metrics, sightings } = this.#parts;
    if (!ledger.removedLately(pool.id)) return;
    for (const { machine, claim } of keeper.balance(pool, machines, hydratedAt).leaving) {
      if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) continue;
      if (ledger.knows(machine.id) || wanted.has(machine.id)) continue;
      this.#carefulUntil.set(pool.id, clock.now() + CAREFUL_MS);
      if (sightings.once(`wrong/${machine.id}`)) metrics.count("karpenter_ovh_wrong_machine_deleted_total");
      events.warnClaim(
        claim,
        "WrongMachineDeleted",
        `machine ${machine.name} of pool ${pool.name} is being deleted although another one was named`,
      );
    }
  }

  #take(poolId: string, only: string | undefined): ReadonlyMap<string, NodeClaim | undefined> {
    const wanted = this.#wanted.get(poolId) ?? new Map<string, NodeClaim | undefined>();
    if (only === undefined) {
      this.#wanted.delete(poolId);
      return wanted;
    }
    const claim = wanted.get(only);
    wanted.delete(only);
    return new Map([[only, claim]]);
  }

  /** The stored claim; what core hands in may be older. */
  #current(claim: NodeClaim): NodeClaim {
    return this.#stored(claim) ?? claim;
  }

  #stored(claim: NodeClaim): NodeClaim | undefined {
    const stored = this.#parts.claims.get(nameOf(claim));
    return stored !== undefined && stored.metadata.uid === claim.metadata.uid ? stored : undefined;
  }

  #forget(claim: NodeClaim): void {
    const key = keyOf(claim);
    this.#parts.sightings.clear(`absent/${key}`);
    this.#parts.sightings.clear(`going/${key}`);
  }
}

/** None when the pool went away since it was looked at: empty pools are collected while claims of it end. */
async function machinesIn(access: ClusterAccess, poolId: string, signal: AbortSignal): Promise<readonly WireMachine[]> {
  try {
    return await access.mks.machines(access.kubeId, poolId, signal);
  } catch (error) {
    if (kindOf(error) === "not-found") return [];
    throw error;
  }
}

/** No machine was ever given to it; what was ordered for it is found by collection. */
function isNeverLaunched(stored: NodeClaim, asked: NodeClaim): boolean {
  return [stored, asked].every((claim) => nodeIdOf(claim) === undefined && !claim.status?.providerID);
}

function keyOf(claim: NodeClaim): string {
  return claim.metadata.uid ?? claim.status?.providerID ?? nameOf(claim);
}

function notFound(claim: NodeClaim, machine: WireMachine): MachineNotFound {
  return new MachineNotFound(`machine ${machine.name} of nodeclaim ${nameOf(claim)} is gone (${machine.status})`);
}
