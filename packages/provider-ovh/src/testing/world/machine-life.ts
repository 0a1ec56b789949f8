// How a machine comes, lives and goes (F-5): each change at its time, unless stock, quota or a fault decide otherwise.

import type { MachineFaultKind } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Durations } from "../durations.ts";
import type { FakeFault } from "../faults.ts";
import { planCodesOf } from "../seed/catalogue.ts";
import type { Cluster } from "./cluster.ts";
import { isThreeAz, zoneOf } from "./cluster.ts";
import type { ClusterSide } from "./cluster-side.ts";
import type { Ground } from "./ground.ts";
import { exceedsQuota, isOutOfStock } from "./ground.ts";
import type { PriceTag } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Machine, MachineOrder, MachineStatus } from "./machine.ts";
import { isFailed, isLive } from "./machine.ts";
import type { Pool } from "./pool.ts";

/** A machine with what it belongs to. */
export interface Placed {
  readonly cluster: Cluster;
  readonly pool: Pool;
  readonly machine: Machine;
}

export class MachineLife {
  readonly #ground: Ground;
  readonly #side: ClusterSide;
  readonly #becameReady: (placed: Placed) => void;

  constructor(ground: Ground, side: ClusterSide, becameReady: (placed: Placed) => void) {
    this.#ground = ground;
    this.#side = side;
    this.#becameReady = becameReady;
  }

  order(cluster: Cluster, pool: Pool, order: MachineOrder): void {
    const cancel = this.#ground.timers.after(this.#ground.durations.listed, () => {
      pool.orders.delete(stop);
      this.#list(cluster, pool, order);
    });
    const stop = (): void => {
      pool.orders.delete(stop);
      cancel();
    };
    pool.orders.add(stop);
  }

  /** Goes: still READY for a moment, then DELETING, then gone once drained and without its Node object. */
  remove(placed: Placed): void {
    const { machine, pool } = placed;
    if (!isLive(machine)) return;
    const { durations, switches } = this.#ground;
    machine.removing = true;
    pool.updatedAt = this.#ground.clock.now();
    clearTimers(machine);
    this.#after(machine, durations.removal, () => {
      this.setStatus(placed, "DELETING");
      this.#after(machine, durations.deleting + switches.drainSeconds * 1000, () =>
        this.#side.leaves(machine, () => this.#gone(placed)),
      );
    });
  }

  /** Gone without a trace, as when somebody deletes the instance behind the service's back. */
  vanish(placed: Placed): void {
    const { machine, pool } = placed;
    clearTimers(machine);
    this.#ground.ledger.stop(machine.id, this.#ground.clock.now());
    pool.machines = pool.machines.filter((other) => other !== machine);
    pool.updatedAt = this.#ground.clock.now();
    machine.removing = true;
    this.#side.leaves(machine, () => undefined);
  }

  setStatus({ machine, pool }: Placed, status: MachineStatus): void {
    const now = this.#ground.clock.now();
    machine.status = status;
    machine.updatedAt = now;
    pool.updatedAt = now;
    if (isFailed(machine)) machine.failedAt ??= now;
    else machine.failedAt = undefined;
  }

  /** Back from whatever it was doing: T-82 has a machine return from DELETING. */
  revive(placed: Placed): void {
    clearTimers(placed.machine);
    placed.machine.removing = false;
    this.setStatus(placed, "READY");
  }

  /** Installed again in place, ids unchanged; its Node registers anew. */
  reinstall(placed: Placed): void {
    const { machine, cluster, pool } = placed;
    if (!isLive(machine)) return;
    clearTimers(machine);
    this.setStatus(placed, "REDEPLOYING");
    this.#after(machine, this.#ground.durations.redeploy, () => {
      this.#side.joins(cluster, pool, machine, this.#ground.switches.loseLabels);
      this.#side.ready(machine);
      this.setStatus(placed, "READY");
    });
  }

  #list(cluster: Cluster, pool: Pool, order: MachineOrder): void {
    const { random, clock, durations } = this.#ground;
    const now = clock.now();
    const machine: Machine = {
      id: random.uuid(),
      poolId: pool.id,
      poolName: pool.name,
      name: `${pool.name}-node-${random.hex(6)}`,
      flavor: pool.flavor,
      zone: zoneOf(pool),
      monthly: pool.monthlyBilled,
      createdAt: now,
      order,
      instanceId: null,
      version: cluster.version,
      status: "INSTALLING",
      isUpToDate: true,
      updatedAt: now,
      deployedAt: undefined,
      deletedAt: undefined,
      removing: false,
      joined: false,
      failedAt: undefined,
      timers: new Set(),
      hookQueue: Promise.resolve(),
    };
    pool.machines.push(machine);
    pool.hadMachine = true;
    pool.updatedAt = now;
    this.#after(machine, durations.instance, () => this.#obtainInstance({ cluster, pool, machine }));
  }

  #obtainInstance(placed: Placed): void {
    const { cluster, machine } = placed;
    const { random, ledger, clock } = this.#ground;
    const boot = this.#fault("boot", placed);
    if (boot?.noInstance === true) {
      if (boot.machineStatus !== undefined) this.setStatus(placed, boot.machineStatus);
      return;
    }
    const refusal = this.#refusal(placed);
    if (refusal !== undefined) {
      this.setStatus(placed, refusal);
      return;
    }
    machine.instanceId = random.uuid();
    this.setStatus(placed, "INSTALLING");
    ledger.start(machine.id, this.#priceTag(cluster, machine), clock.now());
    this.#boot({ cluster, pool: placed.pool, machine }, boot);
  }

  #refusal(placed: Placed): MachineStatus | undefined {
    const { cluster, machine } = placed;
    const flavor = this.#ground.flavors.get(machine.flavor);
    const overQuota = flavor !== undefined && exceedsQuota(this.#ground, cluster, flavor, 1);
    if (overQuota || this.#fault("quota", placed) !== undefined) return "USER_QUOTA_ERROR";
    const outOfStock = isOutOfStock(this.#ground, cluster.region, machine.flavor, machine.zone);
    if (outOfStock || this.#fault("outOfStock", placed) !== undefined) return "FLAVOR_OUT_OF_STOCK_ERROR";
    return undefined;
  }

  #boot(placed: Placed, fault: FakeFault | undefined): void {
    const { cluster, pool, machine } = placed;
    const { flavors } = this.#ground;
    const durations = this.#bootTimes();
    const extra = (flavors.get(machine.flavor)?.gpus ?? 0) > 0 ? durations.gpuExtra : 0;
    const fromNow = (sinceListed: number): number => Math.max(0, sinceListed - durations.instance) + extra;
    if (fault !== undefined) {
      const { machineStatus } = fault;
      if (machineStatus === undefined) return;
      this.#after(machine, fromNow(durations.ready), () => this.setStatus(placed, machineStatus));
      return;
    }
    this.#after(machine, fromNow(durations.nodeJoins), () => this.#side.joins(cluster, pool, machine));
    this.#after(machine, fromNow(durations.nodeReady), () => this.#side.ready(machine));
    this.#after(machine, fromNow(durations.ready), () => {
      machine.deployedAt = this.#ground.clock.now();
      this.setStatus(placed, "READY");
      this.#becameReady(placed);
    });
  }

  /** Since the machine was listed. */
  #bootTimes(): Durations {
    const { durations, switches } = this.#ground;
    const { bootSeconds } = switches;
    if (bootSeconds === undefined) return durations;
    const ready = bootSeconds * 1000 - durations.listed;
    return { ...durations, nodeJoins: 0.75 * ready, nodeReady: 0.9 * ready, ready };
  }

  #gone(placed: Placed): void {
    const { cluster, machine, pool } = placed;
    if (machine.status !== "DELETING") return;
    const now = this.#ground.clock.now();
    clearTimers(machine);
    this.setStatus(placed, "DELETED");
    machine.deletedAt = now;
    this.#ground.ledger.stop(machine.id, now);
    pool.machines = pool.machines.filter((other) => other !== machine);
    pool.history.push(machine);
    if (pool.deleting && pool.machines.length === 0) cluster.pools.delete(pool.id);
  }

  #fault(kind: MachineFaultKind, { pool, machine }: Placed): FakeFault | undefined {
    const { flavor, zone, order } = machine;
    return this.#ground.faults.forMachine(kind, { ...order, about: { pool: pool.name, flavor, zone } });
  }

  #priceTag(cluster: Cluster, { flavor: name, monthly }: Machine): PriceTag {
    const flavor = this.#ground.flavors.get(name);
    if (flavor === undefined) return { flavor: name, price: 0, monthly };
    const codes = planCodesOf(flavor, isThreeAz(cluster));
    const code = monthly ? codes.monthly : codes.hourly;
    const list = (monthly ? flavor.monthlyEUR : flavor.hourlyEUR) ?? 0;
    return { flavor: name, price: this.#ground.prices.get(code ?? "") ?? list, monthly };
  }

  #after(machine: Machine, ms: number, work: () => void): void {
    const cancel = this.#ground.timers.after(ms, () => {
      machine.timers.delete(cancel);
      work();
    });
    machine.timers.add(cancel);
  }
}

function clearTimers(machine: Machine): void {
  for (const cancel of machine.timers) cancel();
  machine.timers.clear();
}
