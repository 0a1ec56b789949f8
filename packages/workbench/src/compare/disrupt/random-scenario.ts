// A random cluster whose nodes are judged, in the JSON form that both engines read. The seed says everything.

import { drawFrom } from "../draw.ts";
import { FAMILY_LABEL, randomMarket, typeJson } from "./random-market.ts";
import { randomNodes } from "./random-nodes.ts";
import { DAEMON_SET, pendingPods } from "./random-pods.ts";
import { randomPools } from "./random-pools.ts";
import { withVolumes } from "./random-volumes.ts";
import { randomPdbs, randomWorkloads } from "./random-workloads.ts";
import { share, themeOf } from "./themes.ts";
import { NOW } from "./world.ts";
import type { World } from "./world.ts";

export function randomWorld(seed: number): World {
  const draw = drawFrom(seed);
  const theme = themeOf(seed);
  return {
    draw,
    theme,
    workloads: randomWorkloads(draw, theme),
    market: randomMarket(draw, theme),
    pools: randomPools(draw, theme),
    hasDaemons: draw.happens(0.4),
  };
}

export function randomDisruptScenario(seed: number): object {
  const world = randomWorld(seed);
  const { draw, theme, workloads } = world;
  const nodes = randomNodes(world);
  // A condition that is given may be behind the times (D-135), which is rare where somebody looks after it.
  const waits = world.pools.some(({ pause }) => pause !== "0s");
  const isEvaluated = theme === "conditions" || draw.happens(waits ? 0.9 : 0.1);
  const scenario = {
    name: `disrupt-${seed}`,
    description: theme,
    action: "disrupt",
    now: NOW,
    options: {
      wellKnownLabels: [FAMILY_LABEL],
      preferencePolicy: draw.happens(0.15) ? "Ignore" : "Respect",
      minValuesPolicy: draw.happens(0.2) ? "BestEffort" : "Strict",
      featureGates: { SpotToSpotConsolidation: draw.happens(share(theme, "spot", 0.8, 0.2)), StaticCapacity: true },
      ...(isEvaluated && { evaluateConditions: true }),
    },
    nodePools: world.pools.map(({ json }) => json),
    instanceTypes: world.market.map(typeJson),
    nodes,
    pods: pendingPods(world),
    daemonSets: world.hasDaemons ? [DAEMON_SET] : [],
    pdbs: randomPdbs(draw, theme, workloads),
    ...(isEvaluated && { driftedNodeClaims: draw.happens(0.5) ? { "node-01": "ImageDrifted" } : {} }),
  };
  return theme === "volumes" || theme === "everything" ? withVolumes(scenario, draw) : scenario;
}
