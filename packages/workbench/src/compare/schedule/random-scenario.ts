// A random cluster with pods that wait for a place, in the JSON form that both engines read. The seed says everything.

import { CPUS_LABEL, FAMILY_LABEL, typeJson } from "../disrupt/random-market.ts";
import { randomNodes } from "../disrupt/random-nodes.ts";
import { DAEMON_SET, rolledOutPods } from "../disrupt/random-pods.ts";
import { randomWorld } from "../disrupt/random-scenario.ts";
import { NOW } from "../disrupt/world.ts";

export function randomScheduleScenario(seed: number): object {
  const world = randomWorld(seed);
  const { draw, theme } = world;
  return {
    name: `schedule-${seed}`,
    description: theme,
    action: "schedule",
    now: NOW,
    options: {
      wellKnownLabels: [FAMILY_LABEL, CPUS_LABEL],
      preferencePolicy: draw.happens(0.15) ? "Ignore" : "Respect",
      minValuesPolicy: draw.happens(0.2) ? "BestEffort" : "Strict",
      featureGates: { StaticCapacity: true },
    },
    nodePools: world.pools.map(({ json }) => json),
    instanceTypes: world.market.map(typeJson),
    nodes: draw.happens(0.5) ? randomNodes(world) : [],
    pods: rolledOutPods(world),
    daemonSets: world.hasDaemons ? [DAEMON_SET] : [],
  };
}
