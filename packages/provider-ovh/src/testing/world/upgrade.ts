// How nodes get the cluster's new version (§2.4): one after the other, in place on the free plan, by new machines on the standard one.

import type { Cluster } from "./cluster.ts";
import type { Ground } from "./ground.ts";
import type { MachineLife, Placed } from "./machine-life.ts";
import { isLive } from "./machine.ts";
import type { PoolScale } from "./pool-scale.ts";

interface Upgraders {
  readonly ground: Ground;
  readonly life: MachineLife;
  readonly scale: PoolScale;
}

/** Starts; each machine has the time of an installation before the next one's turn. */
export function rollNodes({ ground, life, scale }: Upgraders, cluster: Cluster): void {
  const turn = (): void => {
    const placed = nextOutdated(cluster);
    if (placed === undefined) return;
    const { machine } = placed;
    if (cluster.plan === "standard") scale.replace(placed);
    else {
      life.reinstall(placed);
      machine.version = cluster.version;
      machine.isUpToDate = true;
    }
    ground.timers.after(ground.durations.redeploy, turn);
  };
  turn();
}

/** The oldest first. */
function nextOutdated(cluster: Cluster): Placed | undefined {
  for (const pool of cluster.pools.values()) {
    const machine = pool.machines.find((each) => isLive(each) && each.status === "READY" && !each.isUpToDate);
    if (machine !== undefined) return { cluster, pool, machine };
  }
  return undefined;
}
