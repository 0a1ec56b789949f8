// A readable picture of everything the fake holds, and the machines nobody seems to look after.

import type { Violation } from "../invariants.ts";
import { clusterView } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Ground } from "./ground.ts";
import type { Cost } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Placed } from "./machine-life.ts";
import type { Machine, MachineStatus } from "./machine.ts";
import { isFailed, isLive, machineView, providerId } from "./machine.ts";
import { isOwned, poolView } from "./pool.ts";

export interface MachineSummary {
  readonly id: string;
  readonly name: string;
  readonly instanceId: string | null;
  readonly providerID: string | null;
  readonly pool: string;
  readonly owned: boolean;
  readonly flavor: string;
  readonly zone: string;
  readonly status: MachineStatus;
  /** Asked to go, whatever the status says. */
  readonly removing: boolean;
}

export interface FakeOvhState {
  /** Milliseconds of the fake's clock. */
  readonly now: number;
  readonly cost: Cost;
  readonly clusters: readonly Readonly<Record<string, unknown>>[];
  /** In the shape of the API. */
  readonly pools: readonly (Readonly<Record<string, unknown>> & { readonly kubeId: string })[];
  /** All that are not gone, pool by pool in the order of creation. */
  readonly machines: readonly MachineSummary[];
  readonly deletedMachines: readonly Readonly<Record<string, unknown>>[];
}

/** Failed machines are given this long to be removed. */
const FAILED_GRACE_MS = 30 * 60_000;

export function placedMachines(ground: Ground): Placed[] {
  return [...ground.clusters.values()].flatMap((cluster) =>
    [...cluster.pools.values()].flatMap((pool) => pool.machines.map((machine) => ({ cluster, pool, machine }))),
  );
}

export function dump(ground: Ground): FakeOvhState {
  const now = ground.clock.now();
  const clusters = [...ground.clusters.values()];
  const pools = clusters.flatMap((cluster) => [...cluster.pools.values()].map((pool) => ({ cluster, pool })));
  return {
    now,
    cost: ground.ledger.cost(now),
    clusters: clusters.map((cluster: Cluster) => ({ serviceName: cluster.serviceName, ...clusterView(cluster) })),
    pools: pools.map(({ cluster, pool }) => ({ kubeId: cluster.id, ...poolView(pool, cluster.serviceName, now) })),
    machines: placedMachines(ground).map(({ pool, machine }) => summary(machine, isOwned(pool.template))),
    deletedMachines: pools.flatMap(({ cluster, pool }) =>
      pool.history.map((machine) => machineView(machine, cluster.serviceName)),
    ),
  };
}

function summary(machine: Machine, owned: boolean): MachineSummary {
  return {
    id: machine.id,
    name: machine.name,
    instanceId: machine.instanceId,
    providerID: providerId(machine),
    pool: machine.poolName,
    owned,
    flavor: machine.flavor,
    zone: machine.zone,
    status: machine.status,
    removing: machine.removing,
  };
}

/** Machines of owned pools that go on costing money: their Node is gone, or they failed and nobody removed them. */
export async function leaks(ground: Ground): Promise<Violation[]> {
  const at = ground.clock.now();
  const owned = placedMachines(ground).filter(({ pool, machine }) => isOwned(pool.template) && isLive(machine));
  const found: Violation[] = [];
  for (const { machine, pool } of owned) {
    const why = await leakReason(ground, machine, at);
    if (why === undefined) continue;
    const message = `machine ${machine.name} ${why}`;
    found.push({ kind: "LeakedMachine", message, at, pool: pool.name, machine: machine.id });
  }
  return found;
}

async function leakReason(ground: Ground, machine: Machine, now: number): Promise<string | undefined> {
  if (isFailed(machine)) {
    return now - (machine.failedAt ?? now) > FAILED_GRACE_MS ? `stays in ${machine.status}` : undefined;
  }
  const { hooks } = ground;
  if (hooks === undefined || !machine.joined || machine.status !== "READY") return undefined;
  await machine.hookQueue;
  return (await hooks.nodeExists(machine.name)) ? undefined : "runs without its Node";
}
