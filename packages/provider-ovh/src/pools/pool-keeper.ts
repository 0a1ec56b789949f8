// Looks after one pool: reads it and its machines, gives machines to waiting claims, and asks for as many as are needed (O-20 to O-24).
// Everything is derived anew each time from the API and the claims, so that any call may be the first after a crash.

import { Label } from "@karpenter-multicloud/core/api";
import type { Node, NodeClaim } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "../api/labels.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import { kindOf, toProviderError } from "../client/failure-kind.ts";
import type { WireMachine, WirePool } from "../client/wire.ts";
import type { BusyPools } from "./busy-pools.ts";
import { UNBOUND } from "./claim-store.ts";
import { isSuspended } from "./machine-status.ts";
import { nameOf } from "./outcome.ts";
import type { Outcomes } from "./outcome.ts";
import { balanceOf, growthTarget, guardTarget, isWaiting, nodeIdOf, pairsOf } from "./pool-balance.ts";
import type { Balance, Pair } from "./pool-balance.ts";
import { confirmedBereft, PoolFounder } from "./pool-founder.ts";
import type { FounderParts } from "./pool-founder.ts";
import type { PoolEvents } from "./pool-events.ts";
import { hasTemplate, isAdopted, isOwned, poolKey } from "./pool-key.ts";
import type { PoolTarget } from "./pool-target.ts";
import type { PoolWriter } from "./pool-writer.ts";
import { REMOVAL_VISIBLE_MS } from "./removal-ledger.ts";
import type { RemovalLedger } from "./removal-ledger.ts";
import type { ShardBook } from "./shard-book.ts";

export interface KeeperParts extends FounderParts {
  readonly clock: Clock;
  readonly nodes: Informer<Node>;
  readonly events: PoolEvents;
  readonly ledger: RemovalLedger;
  readonly busy: BusyPools;
  readonly writer: PoolWriter;
  readonly shards: ShardBook;
}

const ROUNDS = 6;
const GROW_TRIES = 3;

/** One look, under the pool's lock. */
interface Look {
  readonly target: PoolTarget;
  readonly outcomes: Outcomes;
  readonly signal: AbortSignal;
  readonly hydratedAt: number;
  /** desiredNodes of all other pools of the cluster. */
  readonly elsewhere: number;
  pool: WirePool;
  grown: number;
}

export class PoolKeeper {
  readonly #parts: KeeperParts;
  readonly #founder: PoolFounder;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#founder = new PoolFounder(parts);
  }

  /** The caller holds the pool's lock. */
  async settle(target: PoolTarget, signal: AbortSignal): Promise<Outcomes> {
    const { access, name } = target;
    const hydratedAt = await this.#parts.claims.hydrated(signal);
    const pools = await access.mks.pools(access.kubeId, signal);
    const pool = pools.find((each) => each.name === name);
    const outcomes: Outcomes = new Map();
    const isInherited = this.#parts.claims.takeInherited(name);
    if (pool === undefined) {
      if (isInherited) this.#parts.opener.mayBePosted(name, hydratedAt);
      await this.#founder.found(target, pools, outcomes, signal);
      return outcomes;
    }
    this.#parts.opener.seen(name);
    const misfit = this.#misfit(target, pool);
    if (misfit !== undefined) {
      await this.#turnAway(target, misfit, outcomes, signal);
      if (!isOwned(pool.template, target.clusterName)) return outcomes;
    }
    const elsewhere = pools.reduce((sum, each) => sum + (each.id === pool.id ? 0 : each.desiredNodes), 0);
    await this.#rounds({ target, outcomes, signal, hydratedAt, elsewhere, pool, grown: 0 });
    return outcomes;
  }

  /** How the pool stands now; used by removal and collection as well. */
  balance(pool: WirePool, machines: readonly WireMachine[], hydratedAt: number): Balance {
    const { claims, ledger, failures, nodes, clock } = this.#parts;
    const settled = clock.now() - hydratedAt >= REMOVAL_VISIBLE_MS;
    return balanceOf({
      desired: pool.desiredNodes,
      machines,
      claims: claims.inPool(pool.name),
      isLeaving: (machine, claim) =>
        ledger.knows(machine.id)
          ? ledger.isLeaving(machine.id)
          : !settled && claim?.metadata.annotations?.[OvhAnnotation.RemovalRequested] !== undefined,
      hasFailed: (machine) => failures.hasFailed(machine),
      isTaken: (machine) => !isAdopted(pool.template) && isRegistered(nodes.get({ name: machine.name })),
    });
  }

  async #rounds(look: Look): Promise<void> {
    const { access } = look.target;
    for (let round = 0; round < ROUNDS; round++) {
      const machines = await access.mks.machines(access.kubeId, look.pool.id, look.signal);
      const balance = await this.#assign(look, machines);
      const changed =
        (await this.#repair(look)) || (await this.#dropFailed(look, balance)) || (await this.#grow(look, balance));
      if (!changed) break;
      const pool = await access.mks.pool(access.kubeId, look.pool.id, look.signal);
      if (pool === undefined) break;
      look.pool = pool;
    }
  }

  /** O-22: everything about who gets which machine; desiredNodes is not touched. */
  async #assign(look: Look, machines: readonly WireMachine[]): Promise<Balance> {
    const { target, signal } = look;
    const before = this.balance(look.pool, machines, look.hydratedAt);
    for (const claim of before.duplicates) await this.#takeBack(look, claim, "DuplicateAssignment");
    const bereft = confirmedBereft(this.#parts.sightings, look.pool.name, before.bereft);
    for (const claim of bereft) await this.#takeBack(look, claim);
    await this.#judgeFailures(look, before);
    const free = this.balance(look.pool, machines, look.hydratedAt);
    for (const pair of pairsOf(free)) await this.#give(look.pool, pair, signal);
    const after = this.balance(look.pool, machines, look.hydratedAt);
    for (const { claim, machine } of after.assigned) {
      look.outcomes.set(nameOf(claim), { kind: "assigned", claim, machine, pool: look.pool });
    }
    for (const claim of after.waiting) this.#waits(look, claim, `pool ${target.name} has no machine for it yet`);
    return after;
  }

  async #give(pool: WirePool, { claim, machine }: Pair, signal: AbortSignal): Promise<void> {
    const notes = { NodeId: machine.id, NodeName: machine.name, PoolId: pool.id };
    await this.#parts.claims.note(claim, notes, (now) => isWaiting(now) && isBoundTo(now, pool.name), signal);
  }

  /** A claim with a providerID never changes its machine. */
  async #takeBack(look: Look, claim: NodeClaim, event?: string): Promise<void> {
    const id = nodeIdOf(claim);
    if (claim.status?.providerID) return;
    await this.#parts.claims.note(claim, { NodeId: null, NodeName: null }, (now) => nodeIdOf(now) === id, look.signal);
    if (event !== undefined)
      this.#parts.events.warnClaim(
        claim,
        event,
        `machine ${id ?? ""} belongs to an older NodeClaim; waiting for another one`,
      );
  }

  /** The claim a failed machine was meant for hears of it; one that nobody had yet counts for the last in the queue. */
  async #judgeFailures(look: Look, balance: Balance): Promise<void> {
    const { claims, failures, flavors } = this.#parts;
    const { shape, access } = look.target;
    const queue = balance.waiting.slice(balance.unassigned.length);
    for (const { machine, claim: owner } of balance.failed) {
      if (!this.#parts.sightings.once(`failed/${machine.id}`)) continue;
      const claim = owner ?? queue.shift();
      if (claim === undefined) continue;
      const tries = Number(claim.metadata.annotations?.[OvhAnnotation.FailedMachines] ?? 0) + 1;
      const error = failures.judge(machine, shape, tries, flavors(access.kubeId));
      const away = { NodeId: null, NodeName: null };
      if (error === undefined) {
        await claims.note(claim, { ...away, FailedMachines: String(tries) }, () => true, look.signal);
        continue;
      }
      look.outcomes.set(nameOf(claim), { kind: "failed", error });
      this.#parts.events.warnClaim(claim, error.conditionReason ?? "LaunchFailed", error.message);
      await claims.note(claim, { ...away, ...UNBOUND }, () => true, look.signal);
    }
  }

  /** A removal never grows and growth never removes: what both at once means is documented nowhere. */
  async #dropFailed(look: Look, balance: Balance): Promise<boolean> {
    const machines = balance.failed.filter(({ claim }) => claim === undefined).map(({ machine }) => machine);
    // A pool that is lower than its machines is raised first: the removal would lower it further, and MKS would choose.
    if (machines.length === 0 || guardTarget(balance) !== undefined) return false;
    return (await this.#parts.writer.remove(look.target.access, look.pool, machines, look.signal)) === "done";
  }

  async #grow(look: Look, balance: Balance): Promise<boolean> {
    const { target, pool } = look;
    const about = { hydratedAt: look.hydratedAt, nodeClass: target.nodeClass };
    const wanted = growthTarget(balance) ?? this.raiseBackTarget(pool, balance, about);
    if (wanted === undefined || isSuspended(pool.status)) return false;
    const limit = Math.min(target.maxNodes, target.clusterLimit - look.elsewhere);
    const desired = Math.min(wanted, limit);
    if (desired <= pool.desiredNodes) return this.#full(look, balance, limit);
    if (pool.status === "ERROR" && balance.failed.length === 0) return this.#broken(look);
    if (look.grown++ >= GROW_TRIES) {
      this.#parts.events.warn(
        target.nodeClass,
        "PoolModifiedExternally",
        `pool ${pool.name}: something else keeps changing desiredNodes; we need ${desired} and read ${pool.desiredNodes}`,
      );
      return false;
    }
    try {
      const result = await this.#parts.writer.grow(target.access, pool, desired, look.signal);
      if (result === "later") this.#tellBusy(look, balance);
      return result === "done";
    } catch (error) {
      return this.#refused(look, balance, error);
    }
  }

  /** The API will not let the pool grow: the claims that needed it hear why and look elsewhere. */
  async #refused(look: Look, balance: Balance, error: unknown): Promise<false> {
    const kind = kindOf(error);
    if (kind !== "quota" && kind !== "config") throw error;
    const { failures, flavors } = this.#parts;
    const { shape, access, name } = look.target;
    const message = `raising pool ${name}: ${(error as Error).message}`;
    const failure =
      kind === "quota"
        ? failures.quota(shape, flavors(access.kubeId), message)
        : failures.refused(shape, message, error);
    for (const claim of balance.waiting.slice(balance.pending)) {
      this.#parts.events.warnClaim(claim, failure.conditionReason ?? "LaunchFailed", failure.message);
      await this.#parts.claims.unbind(claim, look.signal);
      look.outcomes.set(nameOf(claim), { kind: "failed", error: failure });
    }
    return false;
  }

  /**
   * Somebody lowered the pool below its machines, so MKS will choose some: what to raise it back to, once that was seen twice,
   * and not just after a start, when the lowering may have been ours.
   */
  raiseBackTarget(
    pool: WirePool,
    balance: Balance,
    about: { readonly hydratedAt: number; readonly nodeClass: OVHNodeClass | undefined },
  ): number | undefined {
    const { clock, sightings, events } = this.#parts;
    const wanted = guardTarget(balance);
    const key = `lowered/${pool.id}`;
    if (wanted === undefined) sightings.clear(key);
    if (wanted === undefined || clock.now() - about.hydratedAt < REMOVAL_VISIBLE_MS) return undefined;
    if (!sightings.confirmed(key)) return undefined;
    const message = `pool ${pool.name}: desiredNodes was lowered to ${pool.desiredNodes} by something else; raised back to ${wanted}`;
    events.warn(about.nodeClass, "PoolModifiedExternally", message);
    return wanted;
  }

  async #full(look: Look, balance: Balance, limit: number): Promise<false> {
    const { target } = look;
    if (limit >= target.maxNodes) return false;
    const short = growthTarget(balance) === undefined ? 0 : balance.waiting.length - balance.pending;
    const message = `the cluster has reached its limit of ${target.clusterLimit} nodes`;
    for (const claim of short > 0 ? balance.waiting.slice(-short) : []) {
      const error = this.#parts.failures.limit(target.shape, "ClusterNodeLimit", message);
      await this.#parts.claims.unbind(claim, look.signal);
      look.outcomes.set(nameOf(claim), { kind: "failed", error });
    }
    return false;
  }

  /** The pool itself is in ERROR without a failed machine to remove: its machines stay in use, new ones go elsewhere. */
  async #broken(look: Look): Promise<false> {
    this.#parts.shards.avoid(look.target.name, `pool is in status ${look.pool.status}`, minutes(10));
    await this.#turnAway(
      look.target,
      `pool ${look.target.name} is in status ${look.pool.status}`,
      look.outcomes,
      look.signal,
    );
    return false;
  }

  async #repair(look: Look): Promise<boolean> {
    const { pool, target } = look;
    const maxNodes = Math.max(target.maxNodes, pool.desiredNodes);
    if (!pool.autoscale && pool.minNodes === 0 && pool.maxNodes === maxNodes) return false;
    if (pool.autoscale) this.#parts.events.autoscaleEnabled(target.nodeClass, pool.name);
    return (await this.#parts.writer.repair(target.access, pool, maxNodes, look.signal)) === "done";
  }

  /** Why new claims cannot use a pool of this name. */
  #misfit(target: PoolTarget, pool: WirePool): string | undefined {
    const { name, clusterName, shape, nodeClass } = target;
    const { events, shards } = this.#parts;
    if (!isOwned(pool.template, clusterName)) {
      events.warn(
        nodeClass,
        "PoolNameTaken",
        `pool ${name} exists and is not ours (no label managed-by of this cluster); using another name`,
      );
      shards.avoid(name, "the name is taken", minutes(30));
      return `the name ${name} is taken by a pool that is not ours`;
    }
    if (isAdopted(pool.template)) {
      shards.avoid(name, "it was taken over from the older product", minutes(30));
      return `pool ${name} was taken over from the older product; its machines stay, new ones go to another pool`;
    }
    const sameMachines =
      pool.flavor === shape.flavor &&
      pool.monthlyBilled === shape.monthlyBilled &&
      pool.antiAffinity === shape.antiAffinity;
    if (sameMachines && hasTemplate(pool.template, shape, clusterName)) return undefined;
    events.warn(
      nodeClass,
      "PoolTemplateChanged",
      `pool ${name} no longer has the template it was made with (key ${poolKey(shape).slice(0, 10)}); its nodes stay, new ones go to another pool`,
    );
    shards.avoid(name, "its template was changed", minutes(30));
    return `the template of pool ${name} was changed`;
  }

  async #turnAway(target: PoolTarget, why: string, outcomes: Outcomes, signal: AbortSignal): Promise<void> {
    for (const claim of this.#parts.claims.inPool(target.name).filter(isWaiting)) {
      await this.#parts.claims.unbind(claim, signal);
      outcomes.set(nameOf(claim), { kind: "unbound", why });
    }
  }

  #waits(look: Look, claim: NodeClaim, why: string): void {
    if (!look.outcomes.has(nameOf(claim))) look.outcomes.set(nameOf(claim), { kind: "waiting", why });
  }

  #tellBusy(look: Look, balance: Balance): void {
    const { pool, target } = look;
    const why = `pool ${pool.name} is busy (${pool.status})`;
    for (const claim of balance.waiting) look.outcomes.set(nameOf(claim), { kind: "waiting", why });
    if (this.#parts.busy.isWorthTelling(pool.id))
      this.#parts.events.warn(
        target.nodeClass,
        "PoolBusy",
        `${why} for more than 5 minutes; machines are ordered as soon as MKS accepts it`,
      );
  }
}

/** The older product wrote this label into the template of its pools: in an adopted one it says nothing. */
export function isRegistered(node: Node | undefined): boolean {
  return node?.metadata.labels?.[Label.Registered] === "true";
}

/** Errors of the API while a pool is looked after, in core's words. */
export async function inCoreWords<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toProviderError(error, doing);
  }
}

function isBoundTo(claim: NodeClaim, pool: string): boolean {
  return claim.metadata.annotations?.[OvhAnnotation.PoolName] === pool;
}
