// The stand-ins of the workload controllers, started together: Deployments, ReplicaSets, DaemonSets.

import { startDaemonSets } from "./daemon-sets.ts";
import { startDeployments } from "./deployments.ts";
import { startReplicaSets } from "./replica-sets.ts";
import type { World } from "../world.ts";

export function startWorkloads(world: World): void {
  startDeployments(world);
  startReplicaSets(world);
  startDaemonSets(world);
}
