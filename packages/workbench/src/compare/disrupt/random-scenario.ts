// A random cluster whose nodes are judged, in the JSON form that both engines read. The seed says everything.

import { drawFrom } from "../draw.ts";
import type { Draw } from "../draw.ts";
import { CPUS_LABEL, FAMILY_LABEL, randomMarket, typeJson } from "./random-market.ts";
import type { RandomClaim } from "./random-claims.ts";
import { randomNodes } from "./random-nodes.ts";
import { randomOverlays } from "./random-overlays.ts";
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
    isCrowded: draw.happens(theme === "many spot types" ? 0.7 : 0.45),
    isEvaluated: theme === "conditions" || (theme !== "stale conditions" && draw.happens(0.3)),
  };
}

export function randomDisruptScenario(seed: number): object {
  const world = randomWorld(seed);
  const { draw, theme, workloads } = world;
  const nodes = randomNodes(world);
  const { isEvaluated } = world;
  const overlays = randomOverlays(draw, theme);
  const scenario = {
    name: `disrupt-${seed}`,
    description: theme,
    action: "disrupt",
    now: NOW,
    options: {
      wellKnownLabels: [FAMILY_LABEL, CPUS_LABEL],
      preferencePolicy: draw.happens(0.15) ? "Ignore" : "Respect",
      minValuesPolicy: draw.happens(0.2) ? "BestEffort" : "Strict",
      featureGates: {
        SpotToSpotConsolidation: draw.happens(share(theme, "spot", 0.8, theme === "many spot types" ? 0.9 : 0.2)),
        StaticCapacity: true,
        ...(overlays.length > 0 && { NodeOverlay: true }),
        ...(draw.happens(share(theme, "reserved", 0.15)) && { ReservedCapacity: false }),
      },
      ...(isEvaluated && { evaluateConditions: true }),
    },
    nodePools: world.pools.map(({ json }) => json),
    instanceTypes: world.market.map(typeJson),
    ...(overlays.length > 0 && { nodeOverlays: overlays }),
    nodes,
    pods: pendingPods(world),
    daemonSets: world.hasDaemons ? [DAEMON_SET] : [],
    pdbs: randomPdbs(draw, theme, workloads),
    ...(isEvaluated && { driftedNodeClaims: driftedBy(draw, nodes) }),
  };
  return theme === "volumes" || theme === "everything" ? withVolumes(scenario, draw) : scenario;
}

/** What the provider answers: mostly what it answered last time. */
function driftedBy(draw: Draw, nodes: readonly object[]): Readonly<Record<string, string>> {
  const claims = (nodes as readonly { readonly nodeClaim?: RandomClaim }[]).flatMap(({ nodeClaim }) => nodeClaim ?? []);
  const drifted = claims.filter(({ status }) =>
    draw.happens(status.conditions.some(({ type }) => type === "Drifted") ? 0.85 : 0.03),
  );
  return Object.fromEntries(drifted.map(({ metadata }) => [metadata.name, "ImageDrifted"]));
}
