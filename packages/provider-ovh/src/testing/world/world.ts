// What the API does to pools and machines: create, update, delete, with the rules on safe use checked along the way.

import { badRequest } from "../api-error.ts";
import type { Body } from "./body-fields.ts";
import type { Cluster } from "./cluster.ts";
import { findMachine } from "./cluster.ts";
import { ClusterSide } from "./cluster-side.ts";
import type { Ground } from "./ground.ts";
import { placedMachines } from "./dump.ts";
import type { Placed } from "./machine-life.ts";
import { MachineLife } from "./machine-life.ts";
import type { MachineOrder } from "./machine.ts";
import { AUTO_HEAL_ORDER } from "./machine.ts";
import type { Pool, PoolTemplate } from "./pool.ts";
import { DEFAULT_AUTOSCALING, isBusy, isOwned, poolStatus } from "./pool.ts";
import type { PoolOrder } from "./pool-rules.ts";
import { poolOrder, poolUpdate } from "./pool-rules.ts";
import { PoolScale } from "./pool-scale.ts";

const BOOTSTRAP_TAINTS: readonly string[] = ["karpenter.sh/unregistered", "karpenter.sh/registered"];

export class World {
  readonly ground: Ground;
  readonly side: ClusterSide;
  readonly life: MachineLife;
  readonly scale: PoolScale;

  constructor(ground: Ground) {
    this.ground = ground;
    this.side = new ClusterSide(ground);
    this.life = new MachineLife(ground, this.side, (placed) => this.#maybeVanish(placed));
    this.scale = new PoolScale(ground, this.life);
  }

  createPool(cluster: Cluster, body: Body, request: MachineOrder): Pool {
    const order = poolOrder(this.ground, cluster, body);
    const pool = this.#newPool(order);
    cluster.pools.set(pool.id, pool);
    this.#judge(pool, order);
    this.scale.settle(cluster, pool, request);
    return pool;
  }

  updatePool(cluster: Cluster, pool: Pool, body: Body, request: MachineOrder): void {
    this.#refuseWhileBusy(pool);
    const update = poolUpdate(this.ground, cluster, pool, body);
    const names = nodesToRemove(body);
    const resized = update.desiredNodes !== pool.desiredNodes || names.length > 0;
    if (resized) this.scale.resize(cluster, pool, { desired: update.desiredNodes, names, order: request });
    const before = pool.template;
    this.#apply(pool, update);
    this.#judge(pool, update, body);
    if (JSON.stringify(before) !== JSON.stringify(pool.template)) this.side.templateChanged(pool, before);
    const { clock, durations } = this.ground;
    if (!resized) pool.updatingUntil = clock.now() + durations.poolUpdating;
    pool.updatedAt = clock.now();
  }

  deletePool(cluster: Cluster, pool: Pool): void {
    const now = this.ground.clock.now();
    if (isBusy(pool, now)) {
      throw badRequest(`[IntegrityError] 400: Cannot delete NodePool: NodePool status is ${poolStatus(pool, now)}`);
    }
    this.dropPool(cluster, pool);
  }

  /** Also from outside, where nobody asks whether the pool is busy. */
  dropPool(cluster: Cluster, pool: Pool, ownDoing = true): void {
    if (ownDoing && pool.machines.length > 0 && isOwned(pool.template)) {
      const message = `pool ${pool.name} deleted with ${pool.machines.length} machines`;
      this.ground.invariants.record("PoolDeletedWithMachines", message, { pool: pool.name });
    }
    pool.deleting = true;
    pool.updatedAt = this.ground.clock.now();
    for (const cancel of pool.orders) cancel();
    for (const machine of pool.machines) this.life.remove({ cluster, pool, machine });
    if (pool.machines.length > 0) return;
    this.ground.timers.after(this.ground.durations.poolUpdating, () => cluster.pools.delete(pool.id));
  }

  deleteMachine(cluster: Cluster, id: string): void {
    this.scale.removeOne({ cluster, ...findMachine(cluster, id) });
  }

  /** New "vanish" faults also meet machines that are READY already. */
  faultsChanged(): void {
    for (const placed of placedMachines(this.ground)) if (placed.machine.status === "READY") this.#maybeVanish(placed);
  }

  #maybeVanish(placed: Placed): void {
    const { cluster, pool, machine } = placed;
    const { faults, timers, durations } = this.ground;
    const { flavor, zone, order } = machine;
    const fault = faults.forMachine("vanish", { ...order, about: { pool: pool.name, flavor, zone } });
    if (fault === undefined || machine.removing) return;
    timers.after(fault.delayMs ?? 0, () => {
      this.life.vanish(placed);
      timers.after(durations.heal, () => this.scale.settle(cluster, pool, AUTO_HEAL_ORDER));
    });
  }

  #newPool(order: PoolOrder): Pool {
    const { random, clock, durations, switches } = this.ground;
    const now = clock.now();
    return {
      id: random.uuid(),
      name: order.name,
      flavor: order.flavor,
      antiAffinity: order.antiAffinity,
      availabilityZones: order.availabilityZones,
      createdAt: now,
      updatedAt: now,
      monthlyBilled: order.monthlyBilled,
      autoscale: order.autoscale,
      autoscaling: { ...DEFAULT_AUTOSCALING, ...order.autoscaling },
      attachFloatingIps: order.attachFloatingIps,
      template: order.template,
      desiredNodes: order.desiredNodes,
      minNodes: order.minNodes,
      maxNodes: order.maxNodes,
      machines: [],
      history: [],
      orders: new Set(),
      hadMachine: false,
      deleting: false,
      updatingUntil: 0,
      installingUntil: now + durations.listed,
      visibleFrom: now + switches.poolInvisibleSeconds * 1000,
      forcedStatus: undefined,
    };
  }

  #apply(pool: Pool, update: PoolOrder): void {
    pool.minNodes = update.minNodes;
    pool.maxNodes = update.maxNodes;
    pool.autoscale = update.autoscale;
    pool.autoscaling = { ...pool.autoscaling, ...update.autoscaling };
    pool.monthlyBilled = update.monthlyBilled;
    pool.attachFloatingIps = update.attachFloatingIps;
    pool.template = update.template;
  }

  #refuseWhileBusy(pool: Pool): void {
    const now = this.ground.clock.now();
    const status = poolStatus(pool, now);
    const refused = pool.deleting || (this.ground.switches.refusePutWhileBusy && isBusy(pool, now));
    if (refused) throw badRequest(`[IntegrityError] 400: Cannot update NodePool: NodePool status is ${status}`);
  }

  /** What the caller asked for is judged, not what somebody else left in the pool. */
  #judge(pool: Pool, order: PoolOrder, asked: Body = { autoscale: order.autoscale, template: order.template }): void {
    if (!isOwned(order.template)) return;
    const about = { pool: pool.name };
    if (asked["autoscale"] === true) {
      this.ground.invariants.record("AutoscaleOnOwnedPool", `autoscale turned on for pool ${pool.name}`, about);
    }
    if (asked["template"] !== undefined) this.#judgeTemplate(pool, order.template);
  }

  #judgeTemplate(pool: Pool, { metadata, spec }: PoolTemplate): void {
    const about = { pool: pool.name };
    if (metadata.finalizers.length > 0) {
      this.ground.invariants.record("FinalizersInTemplate", `template of pool ${pool.name} has finalizers`, about);
    }
    const bootstrap = spec.taints.find(({ key }) => BOOTSTRAP_TAINTS.includes(key));
    if (bootstrap === undefined) return;
    const message = `template of pool ${pool.name} has taint ${bootstrap.key}`;
    this.ground.invariants.record("BootstrapTaintInTemplate", message, about);
  }
}

function nodesToRemove(body: Body): readonly string[] {
  const value = body["nodesToRemove"] ?? undefined;
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw badRequest("nodesToRemove must be a list of strings");
}
