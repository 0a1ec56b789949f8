// What others do behind the client's back: people, Terraform, the service itself. Tests call these; the API of the cloud has no route for them.

import { notFound } from "../api-error.ts";
import type { Cluster, ClusterStatus } from "./cluster.ts";
import { placedMachines } from "./dump.ts";
import type { Quotas } from "./ground.ts";
import type { Placed } from "./machine-life.ts";
import type { MachineStatus } from "./machine.ts";
import { AUTO_HEAL_ORDER, isCalled } from "./machine.ts";
import type { Pool, PoolStatus, PoolTemplate } from "./pool.ts";
import { rollNodes } from "./upgrade.ts";
import type { World } from "./world.ts";

export interface PoolEdit {
  readonly desiredNodes?: number;
  readonly autoscale?: boolean;
  readonly template?: PoolTemplate;
  /** `null` = the status follows from the machines again. */
  readonly status?: PoolStatus | null;
}

export class Outside {
  readonly #world: () => World;

  constructor(world: () => World) {
    this.#world = world;
  }

  /** By pool name or id, without the API's checks; a lower size deletes the newest machines. */
  editPool(name: string, edit: PoolEdit): void {
    const world = this.#world();
    const { cluster, pool } = this.#pool(name);
    const before = pool.template;
    pool.autoscale = edit.autoscale ?? pool.autoscale;
    pool.template = edit.template ?? pool.template;
    if (edit.status !== undefined) pool.forcedStatus = edit.status ?? undefined;
    pool.updatedAt = world.ground.clock.now();
    if (edit.template !== undefined) world.side.templateChanged(pool, before);
    if (edit.desiredNodes === undefined) return;
    pool.desiredNodes = edit.desiredNodes;
    world.scale.settle(cluster, pool, AUTO_HEAL_ORDER);
  }

  removePool(name: string): void {
    const { cluster, pool } = this.#pool(name);
    this.#world().dropPool(cluster, pool, false);
  }

  /** Any name of a machine will do. "READY" also brings it back from DELETING. */
  setMachineStatus(name: string, status: MachineStatus): void {
    const placed = this.#machine(name);
    if (status === "READY") this.#world().life.revive(placed);
    else this.#world().life.setStatus(placed, status);
  }

  /** Its kubelet is sick until it is cured, and the service does not notice. */
  sickenMachine(name: string): void {
    this.#world().side.notReady(this.#machine(name).machine);
  }

  /** The kubelet of a sick machine is well again. */
  cureMachine(name: string): void {
    this.#world().side.ready(this.#machine(name).machine);
  }

  /** Its kubelet stops; in time the service heals it: in place on the free plan, by another machine on the standard one. */
  breakMachine(name: string): void {
    const placed = this.#machine(name);
    const { life, scale, ground } = this.#world();
    this.sickenMachine(name);
    const cancel = ground.timers.after(ground.durations.heal, () => {
      placed.machine.timers.delete(cancel);
      if (placed.cluster.plan === "free") life.reinstall(placed);
      else scale.replace(placed);
    });
    placed.machine.timers.add(cancel);
  }

  /** As after `kubectl delete node`: installed again, same ids. */
  reinstallMachine(name: string): void {
    this.#world().life.reinstall(this.#machine(name));
  }

  setClusterStatus(status: ClusterStatus, kubeId?: string): void {
    const cluster = this.#cluster(kubeId);
    cluster.status = status;
    cluster.updatedAt = this.#world().ground.clock.now();
  }

  /** The cluster moves on to a version; existing machines are out of date from now on. */
  upgradeCluster(version: string, kubeId?: string): void {
    const cluster = this.#cluster(kubeId);
    cluster.version = version;
    for (const pool of cluster.pools.values()) for (const machine of pool.machines) machine.isUpToDate = false;
  }

  /** The service now brings the nodes to the cluster's version, one after the other. */
  rollNodes(kubeId?: string): void {
    rollNodes(this.#world(), this.#cluster(kubeId));
  }

  setFlavorState(flavor: string, state: "available" | "unavailable"): void {
    const { unavailableFlavors } = this.#world().ground;
    if (state === "available") unavailableFlavors.delete(flavor);
    else unavailableFlavors.add(flavor);
  }

  /** How many machines of a flavor one zone has ("nova" in one-zone regions); undefined = no end of them. */
  setStock(flavor: string, zone: string, machines: number | undefined): void {
    const { stock } = this.#world().ground;
    if (machines === undefined) stock.delete(`${flavor}/${zone}`);
    else stock.set(`${flavor}/${zone}`, machines);
  }

  setQuotas(quotas: Quotas): void {
    this.#world().ground.quotas = quotas;
  }

  /** EUR for an hour or a month, by plan code, in the catalogue and for machines started from now on. */
  setPrice(planCode: string, price: number): void {
    this.#world().ground.prices.set(planCode, price);
  }

  #cluster(kubeId: string | undefined): Cluster {
    const clusters = [...this.#world().ground.clusters.values()];
    const cluster = kubeId === undefined ? clusters[0] : clusters.find(({ id }) => id === kubeId);
    if (cluster === undefined) throw notFound("Cluster");
    return cluster;
  }

  #pool(name: string): { readonly cluster: Cluster; readonly pool: Pool } {
    for (const cluster of this.#world().ground.clusters.values()) {
      const pool = [...cluster.pools.values()].find((candidate) => candidate.id === name || candidate.name === name);
      if (pool !== undefined) return { cluster, pool };
    }
    throw notFound(`NodePool ${name}`);
  }

  #machine(name: string): Placed {
    const placed = placedMachines(this.#world().ground).find(({ machine }) => isCalled(machine, name));
    if (placed === undefined) throw notFound(`Node ${name}`);
    return placed;
  }
}
