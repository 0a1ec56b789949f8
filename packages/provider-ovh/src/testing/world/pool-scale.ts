// Which machines come and go when a pool's size changes (F-6): the named ones first, then the last created.

import { badRequest } from "../api-error.ts";
import type { Cluster } from "./cluster.ts";
import type { Ground } from "./ground.ts";
import type { MachineLife, Placed } from "./machine-life.ts";
import type { Machine, MachineOrder } from "./machine.ts";
import { AUTO_HEAL_ORDER, isCalled } from "./machine.ts";
import type { Pool } from "./pool.ts";
import { isBusy, isOwned, liveMachines, poolStatus } from "./pool.ts";

export interface SizeChange {
  readonly desired: number;
  /** Absent or empty: no names were given. */
  readonly names?: readonly string[];
  readonly order: MachineOrder;
}

export class PoolScale {
  readonly #ground: Ground;
  readonly #life: MachineLife;

  constructor(ground: Ground, life: MachineLife) {
    this.#ground = ground;
    this.#life = life;
  }

  resize(cluster: Cluster, pool: Pool, change: SizeChange): void {
    const decrease = pool.desiredNodes - change.desired;
    const named = this.#named(pool, change, decrease);
    this.#judge(pool, decrease, change.names ?? []);
    for (const machine of named) this.#life.remove({ cluster, pool, machine });
    pool.desiredNodes = change.desired;
    pool.updatedAt = this.#ground.clock.now();
    this.settle(cluster, pool, change.order);
  }

  /** DELETE node: the machine goes and the pool wants one less. */
  removeOne({ cluster, pool, machine }: Placed): void {
    const now = this.#ground.clock.now();
    if (isBusy(pool, now)) {
      throw badRequest(`[IntegrityError] 400: Cannot delete Node: NodePool status is ${poolStatus(pool, now)}`);
    }
    this.#life.remove({ cluster, pool, machine });
    pool.desiredNodes = Math.max(0, pool.desiredNodes - 1);
  }

  /** Orders what is missing at once; what is too much goes a moment later, so that raising the size again can save it. */
  settle(cluster: Cluster, pool: Pool, order: MachineOrder): void {
    if (pool.deleting) return;
    const missing = pool.desiredNodes - liveMachines(pool).length - pool.orders.size;
    for (let i = 0; i < missing; i++) this.#life.order(cluster, pool, order);
    if (missing >= 0) return;
    this.#ground.timers.after(this.#ground.durations.removal, () => this.#shrink(cluster, pool));
  }

  /** The service deletes the machine itself and orders another; the wanted size stays. */
  replace(placed: Placed): void {
    this.#life.remove(placed);
    this.settle(placed.cluster, placed.pool, AUTO_HEAL_ORDER);
  }

  #named(pool: Pool, { names = [] }: SizeChange, decrease: number): Machine[] {
    if (names.length === 0) return [];
    const { namesWithoutDecrease, forgetNames } = this.#ground.switches;
    if (decrease <= 0) {
      if (namesWithoutDecrease === "ignore") return [];
      throw badRequest("nodesToRemove needs a lower desiredNodes");
    }
    const machines = names.map((name) => {
      const machine = pool.machines.find((candidate) => isCalled(candidate, name));
      if (machine === undefined) throw badRequest(`nodesToRemove: Node ${name} does not exist in this NodePool`);
      return machine;
    });
    return forgetNames ? [] : machines.slice(0, decrease);
  }

  #judge(pool: Pool, decrease: number, names: readonly string[]): void {
    if (decrease <= 0 || names.length >= decrease || !isOwned(pool.template)) return;
    const message = `desiredNodes of pool ${pool.name} lowered by ${decrease} with ${names.length} names`;
    this.#ground.invariants.record("DesiredLoweredWithoutNames", message, { pool: pool.name });
  }

  #shrink(cluster: Cluster, pool: Pool): void {
    if (pool.deleting) return;
    let surplus = liveMachines(pool).length + pool.orders.size - pool.desiredNodes;
    for (const cancel of [...pool.orders].reverse()) {
      if (surplus <= 0) return;
      cancel();
      surplus -= 1;
    }
    const victims = liveMachines(pool).reverse().slice(0, Math.max(0, surplus));
    for (const machine of victims) {
      if (isOwned(pool.template)) {
        const message = `machine ${machine.name} deleted without having been named`;
        this.#ground.invariants.record("UnnamedMachineDeleted", message, { pool: pool.name, machine: machine.id });
      }
      this.#life.remove({ cluster, pool, machine });
    }
  }
}
